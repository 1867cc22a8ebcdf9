// Package live keeps one plan up to date while events stream in.
//
// A Loop is one goroutine that owns the planner.State. Everything comes to it through channels:
//
//   - batches of events read back from the log (Ingest), which it applies;
//   - facts (Submit) and commands (Decide), which it writes to the log and answers once they were read back;
//   - questions (Snapshot, Problem, Plan), answered from one consistent cut;
//   - finished plans, from the one solve that may be under way.
//
// Changes are coalesced: a solve starts when the log has been quiet for a moment, at the latest after Patience,
// and never while another runs. Its plan is a quick one, patched from the one before where that is worth it. If
// nothing happens meanwhile, more effort improves on it, until the next change ends that. A plan is recorded in the
// log before anybody sees it. Plans are numbered by the epoch (one for each time that a loop leads) and by version
// within it. What changed leaves the loop as an Update, in the order in which it happened.
//
// A loop that leads (Lead) decides: it makes entries of the commands that wait, each as if those before it held, writes
// them in one go, a flight, and answers when it has read them back and noted how far they go. Meanwhile more commands
// gather for the next, which is decided as soon as the one before is written. What time or facts do to a booking (a hold
// runs out, a ship leaves, room is cut) the leader decides by itself. An entry of another leader's epoch ends its own. A
// loop that does not lead makes no plans; it shows those that it is given (Adopt).
//
//	loop.go     the loop and its timing
//	engine.go   what a solve starts from: the last plan, or nothing
//	ledger.go   deciding
//	agenda.go   what time or facts ask to be decided
//	follow.go   not deciding: another's plans, and waiting for what it decided
//	planned.go  a plan beside the one before: which matches and loads differ
//	command.go  facts and questions
//	steps.go    the steps of a solve, traced
//	update.go   what leaves the loop
//	measures.go what it tells of itself
package live
