/**
 * Tells KEDA how many replicas a model needs: the external-push scaler of KEDA's contract {@code
 * externalscaler.proto}, over gRPC.
 */
package dev.outcrop.k8s.keda;
