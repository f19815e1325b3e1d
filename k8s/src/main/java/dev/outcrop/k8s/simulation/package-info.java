/** What scaling policies would do to the time to first token, computed and not measured. */
package dev.outcrop.k8s.simulation;
