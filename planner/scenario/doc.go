// Package scenario answers what would happen if: a passage shut, a sailing more each week, a warehouse twice as large, a
// port on strike, or several of these together. Nothing of it touches the live plan.
//
// # Words
//
// A Change is one thing that is supposed to be otherwise. A Base is how things stand. A Difference is what the plan with the
// changes does otherwise than the plan without. A Scenario is a name, its changes and its last answer; the Desk keeps them.
//
// # The method
//
//	change.go   what can be supposed, and what keeps it from making sense
//	apply.go    the problem of a base, and the problem with changes: facts on a copy of the state, then what no fact can say
//	service.go  the departures of a service that does not exist, like the existing ones most alike
//	strike.go   ships wait off a port that does not work, flights do not run
//	compare.go  two plans as one difference; cells.go withholds what too few owners make up
//	parties.go  who gains and who loses
//	route.go    the lanes of a difference as lines
//	desk.go     scenarios: kept, listed, solved a bounded number at a time, cancelled
//	run.go      one solve, with its progress
//
// A passage is shut by the fact that shuts it in earnest, so what ships then do is what the live plan would have them do.
// Problems are sorted by id and depend on nothing but the base and the changes: Options says how they are solved, and
// haihe solve with these options gives the same plan of the exported problem. Above 4,000 requests the plan goes on from the live
// one where that is near, and what haihe solve gives is as good: each objective is above the other's bound.
//
// # Units
//
// m3, kg, hours, the problem's currency; CO2e in tonnes here, since the figures are sums.
package scenario
