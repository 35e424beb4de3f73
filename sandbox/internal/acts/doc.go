// Package acts does what no operation of the API does: what people do at Persona's
// dashboard or in front of a camera, and what Persona does by itself.
package acts
