/**
 * Tells the HorizontalPodAutoscaler of Kubernetes how many replicas a model needs, without KEDA: an
 * aggregated API server for {@code external.metrics.k8s.io/v1beta1}, of which a cluster has one.
 */
package dev.outcrop.k8s.external;
