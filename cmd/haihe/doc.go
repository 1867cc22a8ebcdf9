// Haihe plans the logistics and overseas-warehouse capacity of Tianjin's trade. This command is the only place that
// knows flags; each verb stands in a file of its own:
//
//	main.go    process: arguments, signals, exit code
//	root.go    the list of verbs, errors and exit codes
//	files.go   reading problem and plan files, and "-"
//	solve.go   haihe solve PROBLEM: the plan of a problem file
//	check.go   haihe check PROBLEM PLAN: the verdict on a plan
//	bench.go   haihe bench ROW: measures the planner, row by row of docs/benchmarks.md; bench_rows.go says what each
//	           row is, bench_child.go is the process that is measured, bench_peer.go others beside it, bench_table.go
//	           what is written; bench_generated.go opens the problem of a row for bench_events.go, bench_stop.go and
//	           bench_whatif.go, which asks a whole service
//	ledger.go  haihe ledger: verifies the ledger, and recovers a damaged log; audit.go adds it up by itself
//	health.go  haihe health: whether a running service takes commands
//	version.go what was built
//
// Exit codes: 0 done; 1 failed, or a verdict against the plan; 2 the command line makes no sense.
package main
