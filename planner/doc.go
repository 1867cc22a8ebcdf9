// Package planner has the words of Haihe: what there is to plan, what a plan is, what can happen, and how things stand.
// It imports geo alone.
//
// # The problem and its plan
//
//   - problem.go is haihe.problem/1: places, dated departures, warehouses, requests. perday.go is an amount a day;
//     validate.go, valid_entity.go and valid.go say what keeps a problem from being planned.
//   - plan.go is haihe.plan/1: assignments, what stays unmatched and why, and prices that prove a bound.
//   - decode.go, decode_error.go and encode.go read and write both, with errors that name line, column and field.
//   - check.go, check_sweep.go and check_bound.go verify a plan from the problem alone: that it fits, what it costs, and the
//     bound that its prices prove. They share no code with the optimizer.
//
// How a plan is made is explained, for a reader who knows linear programming, in planner/optimize/doc.go: column generation
// on a time-expanded network; prices from a market; an interior point; the simplex method with generalised upper bounds; and
// searches for what must go whole.
//
// # What happens, and how things stand
//
//   - event.go and facts.go are facts: each sets one aspect of one resource (facts_valid.go checks one alone).
//   - state.go folds them: of every aspect the fact with the highest sequence holds. status.go and view.go say how things
//     stand, planned beside actual; published.go makes the facts by which a problem would have been published.
//   - ledger.go and book.go are decisions: entries in one order, each naming the hash of the one before, and the bookings that
//     they make. decide.go makes an entry of a command; lifecycle.go says what time and facts do to a booking, repeat.go to a request that is asked again; room.go and
//     uses.go how much is promised; disrupted.go what no longer holds; obstacle.go why a way cannot be promised.
//   - horizon.go takes the problem out of the state at a moment.
//   - passage.go, seaway.go and diversion.go send ships around straits that are shut.
//   - co2e.go has factors by class of ship, aircraft and vehicle.
//   - offsets.go says how far a log has been read.
//
// # Units
//
// Times in UTC. m3, kg, the problem's currency; CO2e in kg per tonne carried over a leg; distances in km and nm as named.
//
// # Errors
//
// What a person or a feed may get wrong is a *DecodeError (files) or a *FieldErrors (values) that says where and what is
// wanted. What cannot be planned is part of a plan, at its price, and no error.
package planner
