package planner

import (
	"cmp"
	"fmt"
	"time"
)

// How often a request is asked again.
const (
	EveryWeek  = "week"
	EveryMonth = "month"
)

// Repeat is the rule of a request that is asked again and again. Its leader accepts the next one RepeatAhead before that is
// ready, with all that this one says and its dates moved on; from then on that carries the rule. Amend the newest to pause it;
// withdraw it to end it.
type Repeat struct {
	Every  string `json:"every"`
	Paused bool   `json:"paused,omitzero"`
	Series string `json:"series,omitempty"` // id of the first; empty in the first itself
	N      int    `json:"n,omitzero"`       // 0 is the first
}

// RepeatAhead is how long before it is ready the next of a series is accepted.
const RepeatAhead = 14 * 24 * time.Hour

// after is the moment one period later. A month later is the same day, or the last where there is none such.
func (r *Repeat) after(t time.Time, day int) time.Time {
	if r.Every == EveryWeek {
		return t.AddDate(0, 0, 7)
	}
	next := t.AddDate(0, 0, 1-t.Day()).AddDate(0, 1, 0) // the first of the next month
	last := next.AddDate(0, 1, -1).Day()
	return next.AddDate(0, 0, min(day, last)-1)
}

// SeriesOf is the id of the first of the requests that came by this rule, of which one has it now.
func (r *Repeat) SeriesOf(id string) string { return cmp.Or(r.Series, id) }

// NextID is the id of the request that comes after one with this rule.
func (r *Repeat) NextID(id string) string {
	return fmt.Sprintf("%s.%d", r.SeriesOf(id), r.N+1)
}

// Next is when the request after the one that is ready at a time is ready, the first of the series having been so at began. Times that
// have gone by are passed over.
func (r *Repeat) Next(ready, began, now time.Time) time.Time {
	for ok := true; ok; ok = ready.Before(now) {
		ready = r.after(ready, began.Day())
	}
	return ready
}

// NextOccurrence returns what a request's rule asks for next, and when it is to be accepted; false where it has no rule, is
// paused or withdrawn, or the next is there already.
func (s *State) NextOccurrence(id string, now time.Time) (*AcceptedRequest, time.Time, bool) {
	f := s.requests[id]
	if f == nil || f.master == nil || f.master.Repeat == nil || f.master.Repeat.Paused || f.withdrawn() {
		return nil, time.Time{}, false
	}
	rule := *f.master.Repeat
	next := *f.master
	next.ID, next.Repeat, next.First = rule.NextID(id), &rule, ""
	if s.requests[next.ID] != nil || len(next.ID) > maxIDBytes {
		return nil, time.Time{}, false
	}
	rule.Series = rule.SeriesOf(id)
	rule.N++
	began := next.Ready
	if first := s.requests[rule.Series]; first != nil && first.master != nil {
		began = first.master.Ready
	}
	span := next.Due.Sub(next.Ready)
	next.Ready = rule.Next(next.Ready, began, now)
	next.Due = next.Ready.Add(span)
	return &AcceptedRequest{ID: "repeat:" + next.ID, Source: f.submitted.Source, Sequence: uint64(max(1, now.UnixMicro())), Submitted: &next}, next.Ready.Add(-RepeatAhead), true
}

// Repeating returns the ids of requests that have a rule.
func (s *State) Repeating() []string {
	var ids []string
	for _, id := range sortedKeys(s.requests) {
		if f := s.requests[id]; f.master != nil && f.master.Repeat != nil {
			ids = append(ids, id)
		}
	}
	return ids
}
