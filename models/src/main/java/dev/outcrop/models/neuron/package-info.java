/**
 * Bundles that were compiled ahead of time for AWS Neuron (Inferentia2, Trainium): what their files
 * say, and whether this process can run them. Nothing native is touched here.
 */
package dev.outcrop.models.neuron;
