// Command idem runs and checks an integration with Persona.
//
//	idem dev                sandbox, service and status page on this machine
//	idem sandbox            a local Persona
//	idem webhook verify     check a webhook's signature
//	idem webhook sign       sign a webhook
//	idem policy check       check a policy file
//	idem api --list         list the operations of Persona's API
//
// `idem --help` lists the rest. Each command is one file that holds flags and
// printing; the work is done in packages.
//
// The exit code is 0 for success, 1 for failure or a negative answer, and 2 for wrong
// usage.
package main
