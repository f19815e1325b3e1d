/** Stand-ins for tests above this module, which run without weights and without natives. */
package dev.outcrop.models.testing;
