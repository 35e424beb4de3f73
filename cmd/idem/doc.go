// Command idem runs and checks an integration with Persona.
//
//	idem dev                sandbox, service and status page on this machine
//	idem init               connect an environment at Persona
//	idem serve              run the service
//	idem doctor             examine an installation
//	idem listen             forward Persona's events without a tunnel
//	idem trigger            let something happen to a person in a sandbox environment
//
// `idem` alone lists the rest, and `idem help COMMAND` shows examples. Each command is one
// file that holds flags and printing; the work is done in packages.
//
// The exit code is 0 for success, 1 for failure or a negative answer, 2 for wrong usage,
// and 3 where it is not known whether a call of Persona's API took effect.
package main
