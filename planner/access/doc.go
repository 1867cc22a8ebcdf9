// Package access keeps who may do what: organisations, the people in them, their sessions and API keys.
//
// Words: an organisation is a firm, an exporter or the commission (Kind), by the id that stands in carrier, operator or
// exporter of what belongs to it; a member is a user with a level in an organisation (reader, editor, admin); a session
// is a browser that signed in; a key lets a program in, with scopes; a principal is whoever a session or key speaks for.
//
// Everything is a Record on one log in one order, which every instance folds alike (Registry.Apply). So a
// revocation holds on all of them as soon as they have read it. A record sets what it names wholly; what ends does not
// begin again: a session that was ended and a key that was revoked stay so, and of two uses of a link the first in the
// log counts.
//
// Secrets are random, of 256 bits, and only their SHA-256 is recorded. A fast hash will do for them: there is no
// dictionary of such numbers.
//
//	record.go    what stands in the log
//	registry.go  its fold, and what it answers
//	scope.go     kinds, levels and scopes
package access
