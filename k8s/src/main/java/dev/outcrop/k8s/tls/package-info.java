/**
 * TLS of the two servers by which Kubernetes asks: certificates from mounted files, which change,
 * or one made at the start.
 */
package dev.outcrop.k8s.tls;
