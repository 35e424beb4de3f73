// Package acts carries out what happens at Persona without a call of the API: what people
// do in the dashboard or in front of a camera, and what Persona does by itself.
package acts
