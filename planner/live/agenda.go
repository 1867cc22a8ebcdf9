package live

import (
	"container/heap"
	"time"

	"haihe/planner"
)

// subject is what may want a decision without anybody's command: a booking, or a request that is asked again and again.
type subject struct {
	id      string
	request bool
}

// review queues what time or facts ask to be decided of bookings, or notes when they will.
func (l *Loop) review(ids []string) {
	l.consider(ids, false, func(id string, _ time.Time) (planner.Command, time.Time, bool) {
		step, ok := l.cfg.State.NextStep(id)
		return planner.Command{Kind: step.Kind, Booking: id, Reasons: step.Reasons}, step.At, ok
	})
}

// repeat queues the next of requests that are asked again and again, or notes when it is due.
func (l *Loop) repeat(ids []string) {
	l.consider(ids, true, func(id string, now time.Time) (planner.Command, time.Time, bool) {
		next, at, ok := l.cfg.State.NextOccurrence(id, now)
		return planner.Command{Kind: planner.EntryRequestAccepted, Request: next}, at, ok
	})
}

// consider queues the next command of each of the subjects that are due, and notes when those of the others will be.
func (l *Loop) consider(ids []string, requests bool, next func(id string, now time.Time) (c planner.Command, at time.Time, ok bool)) {
	if !l.leading {
		return
	}
	now := l.cfg.Now()
	for _, id := range ids {
		of := subject{id, requests}
		command, at, ok := next(id, now)
		switch {
		case !ok:
			delete(l.appointed, of)
		case l.asked[of]:
		case at.After(now):
			if !l.appointed[of].Equal(at) {
				l.appointed[of] = at
				heap.Push(&l.agenda, appointment{at, of})
			}
		default:
			l.asked[of] = true
			l.queue = append(l.queue, &ticket{of: of, command: command})
		}
	}
	l.decide()
}

// keepAppointments reviews what is due.
func (l *Loop) keepAppointments() {
	now := l.cfg.Now()
	var bookings, requests []string
	for len(l.agenda) > 0 && !l.agenda[0].at.After(now) {
		a := heap.Pop(&l.agenda).(appointment)
		if !l.appointed[a.of].Equal(a.at) {
			continue
		}
		delete(l.appointed, a.of)
		if a.of.request {
			requests = append(requests, a.of.id)
		} else {
			bookings = append(bookings, a.of.id)
		}
	}
	if len(requests) > 0 {
		l.repeat(requests)
	}
	if len(bookings) > 0 {
		l.review(bookings)
	}
}

// untilAppointment returns how long the loop may sleep before something wants a decision.
func (l *Loop) untilAppointment() time.Duration {
	if len(l.agenda) == 0 || !l.leading {
		return time.Hour
	}
	return max(0, l.agenda[0].at.Sub(l.cfg.Now())) + time.Millisecond
}

// appointment is when a subject may want a decision; it is looked at anew then.
type appointment struct {
	at time.Time
	of subject
}

type agenda []appointment

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].at.Before(a[j].at) }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(appointment)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
