// Package feed makes up live events for a network that is in the log, so that a plan has something to follow where
// no firm publishes yet: a demonstration, a test, a rehearsal. It works on whatever a State holds, the sample or an
// imported problem, and says only what its firms and exporters could say.
//
//	feed.go       Feed, Next: which kind of event is due when
//	index.go      the network as the feed sees it, read anew every minute
//	positions.go  ships under way and aircraft in the air
//	delays.go     delays that come and are made good
//	status.go     blanked sailings, cancelled flights, closed warehouses, and their return
//	passages.go   straits and canals that shut for days, and reopen
//	room.go       room on departures and in warehouses, and rates
//	requests.go   new requests, modelled on those there are, and withdrawals
//	reach.go      earliest arrival, so that what is asked for can be done
//	roll.go       schedules rolled forward week by week
//
// # Plausible for weeks
//
// Every quantity wanders about what was first published (mean-reverting, bounded), so a network that runs for weeks
// looks as it did on the first day: a third of the voyages late, a few per cent blanked, about as many open requests
// as at the start. Services are prolonged by the voyage of the week before when their schedule runs short.
//
// # People come first
//
// The feed recognizes its own facts and those of the sample by the event's id. What anybody else set, a delay, a
// cancellation, a room, it leaves alone; it withdraws no request but its own and the sample's.
package feed
