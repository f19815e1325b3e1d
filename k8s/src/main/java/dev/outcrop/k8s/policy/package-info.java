/** How many replicas a model's workload needs, as a pure function of what its pods said. */
package dev.outcrop.k8s.policy;
