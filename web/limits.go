package web

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"haihe/planner/access"
)

// Limits bound what one organisation or address may ask of this instance. Zeros are the defaults, negative numbers no
// limit.
type Limits struct {
	Requests int // of the API, a minute and session or key; 0: 1200
	Commands int // changes, a minute and organisation; 0: 300
	SignIns  int // attempts to sign in, and requests that nobody is signed in for, a minute and address; 0: 60
	Sockets  int // websockets at a time of an organisation; 0: 500
	Peers    int // commands and questions of another instance of the cluster, a minute and address; 0: 600,000
	Rooms    int // departures and warehouses that a firm may withdraw or cut in a day; 0: 500
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Requests, 1200)
	setDefault(&l.Commands, 300)
	setDefault(&l.SignIns, 60)
	setDefault(&l.Sockets, 500)
	setDefault(&l.Peers, 600_000)
	setDefault(&l.Rooms, 500)
	return l
}

// limiters keeps count. What was not used for some minutes is forgotten: by then it is full again.
type limiters struct {
	cfg Limits
	now func() time.Time

	mu    sync.Mutex
	known map[string]*limited
	swept time.Time
}

type limited struct {
	limiter *rate.Limiter
	used    time.Time
	whole   time.Duration // after which it is full again
}

func newLimiters(cfg Limits, now func() time.Time) *limiters {
	return &limiters{cfg: cfg, now: now, known: map[string]*limited{}}
}

// take reports whether one more may go; n per period, and as many at once.
func (l *limiters) take(name string, n int, period time.Duration) bool {
	if n < 0 {
		return true
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) > time.Minute {
		for k, x := range l.known {
			if now.Sub(x.used) > x.whole {
				delete(l.known, k)
			}
		}
		l.swept = now
	}
	x := l.known[name]
	if x == nil {
		x = &limited{limiter: rate.NewLimiter(rate.Limit(float64(n)/period.Seconds()), n), whole: period}
		l.known[name] = x
	}
	x.used = now
	return x.limiter.AllowN(now, 1)
}

// address takes an attempt to get in from an address.
func (l *limiters) address(a string) bool { return l.take("address "+a, l.cfg.SignIns, time.Minute) }

// request takes a request of the API.
func (l *limiters) request(who session) bool {
	name := who.id
	if name == "" {
		name = who.user
	}
	return l.take("request "+name, l.cfg.Requests, time.Minute)
}

// command takes a change.
func (l *limiters) command(org access.OrgID) bool {
	return l.take("command "+org.String(), l.cfg.Commands, time.Minute)
}

// peer takes what another instance asks.
func (l *limiters) peer(a string) bool { return l.take("peer "+a, l.cfg.Peers, time.Minute) }

// room takes room back from those who may have planned on it.
func (l *limiters) room(org access.OrgID) bool {
	return l.take("room "+org.String(), l.cfg.Rooms, 24*time.Hour)
}
