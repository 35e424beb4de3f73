// Command idem runs and checks an integration with Persona.
//
//	idem dev                sandbox, service and status page on this machine
//	idem sandbox            a local Persona
//	idem webhook verify     check a webhook's signature
//	idem webhook sign       sign a webhook
//	idem policy check       check a file of rules
//	idem api --list         list the operations of Persona's API
//
// `idem --help` lists the rest. Each command is one file that holds flags and
// printing; the work is done in packages.
//
// It exits 0 when done, 1 when the answer is no or something failed, and 2 when it was
// called wrongly.
package main
