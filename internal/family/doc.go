// Package family is the table of the families of Persona's resources that Idem keeps
// objects of: inquiries, cases, accounts, verifications, reports and so on. For each it says
// which statuses there are and in which order, what verdicts and decisions need of an
// object, and which call of Persona reads it. A new family is one more entry.
package family
