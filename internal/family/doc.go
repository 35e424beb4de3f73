// Package family is the table of the families of Persona's resources that Idem keeps
// objects of, such as inquiries, cases, accounts, verifications and reports. For each
// family it lists the statuses in order, what verdicts and decisions need of an object, and
// the call that reads one. A new family is one entry.
package family
