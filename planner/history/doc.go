// Package history keeps what happened to each departure, from all its events in the log: of the state only the last of each aspect
// is left.
//
// An Entry is one event, in the words of the page's news. Departures takes events in any order and more than once; it is
// bounded by most entries of a departure, of which the first and the newest stay, and by keptFor after its arrival. Where
// the log is compacted, it holds what compaction left.
//
// Times are of the events, UTC; hours, m3, kg.
package history
