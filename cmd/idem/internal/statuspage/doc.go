// Package statuspage shows what a service did with what happened at Persona: people
// and their verdicts, decisions with their explanations, actions, objects and events,
// each newest first. What is stuck comes first, with what to do. A form makes up an
// applicant at the sandbox.
//
// It is for `idem dev`: it shows one environment to whoever can connect. The page is
// HTML and a style sheet from the binary, without JavaScript and without anything
// from elsewhere.
package statuspage
