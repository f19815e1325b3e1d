/** Safetensors files: where each tensor lies, checked before anybody maps a byte. */
package dev.outcrop.models.weights;
