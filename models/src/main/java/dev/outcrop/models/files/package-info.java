/** Reading the JSON files of a checkpoint as untrusted input. */
package dev.outcrop.models.files;
