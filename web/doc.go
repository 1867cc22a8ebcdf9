// Package web shows the live plan to people and takes their commands.
//
// Words: a session says who is signed in: an organisation of a role (firm, exporter, commission), a user of it and what
// they may do; a viewer is what decides what may be seen; an entity is one thing that viewers see (a departure, a match, a market), a facet of
// it is its JSON for some of them.
//
// The way of an update:
//
//	live.Update -> Server.Observe -> hub (model.go joins it, views.go makes the facets of what changed)
//	            -> ring.go numbers the changes -> client.go's bounded queues -> browsers
//
// What changes while clients rest from the last frame is told in one; the more there are, the longer they rest.
// Observe only appends to a list; a goroutine of the hub does the rest, so the owner of the state never waits.
// A client gets a snapshot and then numbered changes, or resumes where it was as long as the ring remembers. What
// a viewer may not see is decided in views.go alone, for snapshots, changes and the API; when sums over owners are shown anew, in
// release.go; tally.go keeps what each owner adds to them.
//
// The way of a command: api_*.go checks it, events.go stamps it, Config.Submit puts it on the log, and the answer
// is given when the state has it. Answers to what went wrong are RFC 9457 problems that name the field.
//
// On a cluster instances ask one another over HTTP too: peer.go has both ends.
// Who gets in: auth.go finds out by cookie, key or token, against the registry of planner/access; signin.go and oidc.go
// begin sessions, ticket.go lets clients without a header to the websocket, token.go signs what is good for a short
// time, sessions.go ends the connections of those who may no longer look, limits.go bounds what each may ask, audit.go
// tells who did what; traced.go traces them, and batches of changes to the screens. api.go holds every operation to the scope that it takes.
//
// The API is described at /api/openapi.json, the websocket and the topics at /api/asyncapi.yaml. The page that
// people see is built from web/app into web/dist/app and embedded; without it a plain page says how to build it.
package web
