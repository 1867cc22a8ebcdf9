package live_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/live"
	"haihe/planner/optimize"
)

var monday = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)

// bench is a loop with a log in memory, inside a synctest bubble, where time passes only while all wait.
type bench struct {
	t     *testing.T
	loop  *live.Loop
	begun time.Time

	log      sync.Mutex // guards the rest
	observed []live.Update
	recorded []*live.Recorded
	lost     error // what Record answers
	next     int64
	held     *[]func() // deliveries that wait for release; nil: none waits
}

func start(t *testing.T, events ...planner.Event) *bench {
	return startWith(t, func(*live.Config) {}, events...)
}

func startWith(t *testing.T, adjust func(*live.Config), events ...planner.Event) *bench {
	b := &bench{t: t, begun: time.Now()}
	s := planner.NewState()
	for _, e := range events {
		s.Apply(e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cfg := live.Config{
		State: s, Offsets: planner.Offsets{}, Epoch: 7, Days: 60,
		Now:     func() time.Time { return monday.Add(time.Since(b.begun)) },
		Solve:   live.NewEngine(optimize.Options{Search: -1}, optimize.Options{}).Solve,
		Publish: b.publish,
		Record: func(_ context.Context, r *live.Recorded) error {
			b.log.Lock()
			defer b.log.Unlock()
			if b.lost == nil {
				b.recorded = append(b.recorded, r)
			}
			return b.lost
		},
		Observe: func(u live.Update) {
			b.log.Lock()
			defer b.log.Unlock()
			b.observed = append(b.observed, u)
		},
		Rules: planner.Rules{QuoteFor: 2 * time.Hour, HoldFor: time.Hour},
		Quiet: 20 * time.Millisecond, Patience: 100 * time.Millisecond,
	}
	adjust(&cfg)
	b.loop = live.New(cfg)
	done := make(chan struct{})
	go func() { defer close(done); _ = b.loop.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	b.loop.CaughtUp()
	require.NoError(t, b.loop.Lead(ctx, "test", ""))
	b.settle()
	return b
}

// publish is the log: it takes a moment, and the loop hears of the events from elsewhere.
func (b *bench) publish(ctx context.Context, events ...planner.Event) error {
	time.Sleep(2 * time.Millisecond)
	b.log.Lock()
	b.next += int64(len(events))
	next := planner.Offsets{"haihe.routes/0": b.next}
	b.log.Unlock()
	b.log.Lock()
	defer b.log.Unlock()
	deliver := func() { _ = b.loop.Ingest(context.WithoutCancel(ctx), events, next) }
	if b.held != nil {
		*b.held = append(*b.held, deliver)
	} else {
		go deliver()
	}
	return nil
}

// hold has the log show nothing of what it takes until release.
func (b *bench) hold() {
	b.log.Lock()
	defer b.log.Unlock()
	b.held = &[]func(){}
}

func (b *bench) release() {
	b.log.Lock()
	held := *b.held
	b.held = nil
	b.log.Unlock()
	for _, deliver := range held {
		deliver()
	}
}

// settle lets a second pass: time enough for every solve that is due.
func (b *bench) settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

func (b *bench) submit(facts ...planner.Fact) error {
	return b.loop.Submit(b.t.Context(), events(b.begun, facts...)...)
}

var serial atomic.Int64

func events(begun time.Time, facts ...planner.Fact) []planner.Event {
	list := make([]planner.Event, len(facts))
	for i, f := range facts {
		n := serial.Add(1)
		list[i] = planner.Event{ID: fmt.Sprint("e", n), Source: "/test", Sequence: uint64(n), Time: begun, Fact: f}
	}
	return list
}

// network is two weekly sailings to one warehouse, and a request that fits on either.
func network() []planner.Event {
	facts := []planner.Fact{
		&planner.PlaceDeclared{Place: planner.Place{ID: "CNTXG", Lat: 38.98, Lon: 117.7}},
		&planner.PlaceDeclared{Place: planner.Place{ID: "USLAX", Lat: 33.74, Lon: -118.26}},
		&planner.WarehouseRegistered{Public: true, Warehouse: planner.Warehouse{ID: "W", Operator: "op", CapacityM3: planner.PerDay{500},
			Classes: []string{"general"}, Gateways: []planner.Gateway{{Place: "USLAX", Hours: 12, RateM3: 10}},
			Markets: []planner.Market{{ID: "US", Hours: 24, RateM3: 30}}}},
		request("R1", "e1", 40),
	}
	for week := range 2 {
		out := monday.AddDate(0, 0, 7*week+3)
		facts = append(facts, &planner.DepartureScheduled{Departure: planner.Departure{ID: fmt.Sprint("S", week+1), Mode: planner.ModeSea,
			Carrier: "bohai", From: "CNTXG", To: "USLAX", Cutoff: out.Add(-24 * time.Hour), Depart: out, Arrive: out.AddDate(0, 0, 15),
			CapacityM3: 100, CapacityKg: 1e6, Rate: planner.Rate{Per: planner.PerM3, Amount: 50, KgPerM3: 1000}, Classes: []string{"general"}}})
	}
	return events(monday, facts...)
}

func request(id, exporter string, m3 float64) *planner.RequestSubmitted {
	return &planner.RequestSubmitted{Request: planner.Request{ID: id, Exporter: exporter, Origin: "CNTXG", Market: "US", Class: "general",
		VolumeM3: m3, WeightKg: 200 * m3, Ready: monday, Due: monday.AddDate(0, 0, 40), StorageDays: 10, Drawdown: planner.DrawdownLinear,
		Value: 600 * m3, TimeCostM3Day: 1}}
}

func (b *bench) plans() []*live.Recorded {
	b.log.Lock()
	defer b.log.Unlock()
	return slices.Clone(b.recorded)
}

func (b *bench) last() *live.Recorded {
	plans := b.plans()
	require.NotEmpty(b.t, plans)
	return plans[len(plans)-1]
}

func (b *bench) lastUpdate() live.Update {
	b.log.Lock()
	defer b.log.Unlock()
	return b.observed[len(b.observed)-1]
}

func (b *bench) failRecords(err error) {
	b.log.Lock()
	defer b.log.Unlock()
	b.lost = err
}

func (b *bench) match(request string) planner.Match {
	for _, m := range b.last().Matches {
		if m.Request == request {
			return m
		}
	}
	return planner.Match{}
}

func TestPlanFollowsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, network()...)
		require.Len(t, b.plans(), 1)
		require.True(t, b.last().Complete)
		require.EqualValues(t, 7, b.last().Summary.Epoch)
		require.EqualValues(t, 1, b.last().Summary.Version)
		require.Equal(t, []string{"S1"}, b.match("R1").Parts[0].Departures)

		require.NoError(t, b.submit(&planner.DepartureCancelled{Departure: "S1", Mode: planner.ModeSea, Reason: "blank sailing"}))
		b.settle()
		require.Len(t, b.plans(), 2)
		require.Equal(t, []string{"S2"}, b.match("R1").Parts[0].Departures)
		require.Len(t, b.last().Changed, 1)
		require.False(t, b.last().Complete)

		u := b.lastUpdate()
		require.EqualValues(t, 2, u.Plan.Version)
		require.Equal(t, []live.LoadOf{{ID: "S1"}, {ID: "S2", Load: planner.Load{M3: 40, Kg: 8000, Owners: 1}}}, u.DepartureLoads)

		require.NoError(t, b.submit(&planner.RequestWithdrawn{Request: "R1"}))
		b.settle()
		require.Equal(t, []string{"R1"}, b.last().Gone)
	})
}

// TestAShutPassageMovesTheCargo: the only ship to Hamburg that is in time goes through Suez. Shut, the dearer train
// takes the cargo; reopened, all is as before.
func TestAShutPassageMovesTheCargo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		departure := func(id, mode string, days int, amount float64) *planner.DepartureScheduled {
			out := monday.AddDate(0, 0, 3)
			return &planner.DepartureScheduled{Departure: planner.Departure{ID: id, Mode: mode, From: "CNTXG", To: "DEHAM", Cutoff: out, Depart: out,
				Arrive: out.AddDate(0, 0, days), CapacityM3: 100, CapacityKg: 1e6, CO2eKgPerT: 300,
				Rate: planner.Rate{Per: planner.PerM3, Amount: amount, KgPerM3: 1000}, Classes: []string{"general"}}}
		}
		wish := request("R1", "e1", 40)
		wish.Market, wish.Due = "DE", monday.AddDate(0, 0, 35)
		b := start(t, events(monday, &planner.PlaceDeclared{Place: planner.Place{ID: "CNTXG", Lat: 38.98, Lon: 117.7}},
			&planner.PlaceDeclared{Place: planner.Place{ID: "DEHAM", Lat: 53.54, Lon: 9.98}},
			&planner.WarehouseRegistered{Public: true, Warehouse: planner.Warehouse{ID: "W", CapacityM3: planner.PerDay{500}, Classes: []string{"general"},
				Gateways: []planner.Gateway{{Place: "DEHAM", Hours: 12}}, Markets: []planner.Market{{ID: "DE", Hours: 24}}}},
			wish, departure("S", planner.ModeSea, 30, 50), departure("T", planner.ModeRail, 16, 300))...)
		require.Equal(t, []string{"S"}, b.match("R1").Parts[0].Departures)
		first := b.match("R1")

		require.NoError(t, b.submit(&planner.PassageClosed{Passage: "suez", Reason: "ship aground"}))
		var told live.Update
		b.log.Lock()
		for _, u := range b.observed {
			if len(u.Passages) == 1 {
				told = u
			}
		}
		b.log.Unlock()
		require.True(t, told.Passages[0].Closed)
		require.Len(t, told.Departures, 1, "the train does not mind")
		require.Equal(t, []string{"suez"}, told.Departures[0].Diversion.Passages)
		b.settle()
		require.Len(t, b.plans(), 2, "one plan for it, in the time that any event takes")
		require.Equal(t, []string{"T"}, b.match("R1").Parts[0].Departures)

		require.NoError(t, b.submit(&planner.PassageReopened{Passage: "suez"}))
		b.settle()
		require.Equal(t, first, b.match("R1"))
	})
}

func TestABurstIsOneSolve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, network()...)
		for i := range 50 {
			require.NoError(t, b.loop.Ingest(t.Context(), events(monday, request(fmt.Sprint("Q", i), "e2", 1)), nil))
			time.Sleep(time.Millisecond) // never quiet for as long as Quiet
		}
		b.settle()
		require.LessOrEqual(t, len(b.plans()), 3, "one solve for the burst, one for its tail")
		require.Equal(t, 51, b.last().Summary.Requests)
	})
}

func TestPositionsAskForNoPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, network()...)
		require.NoError(t, b.submit(&planner.PositionReported{Departure: "S1", Mode: planner.ModeSea, Lat: 38, Lon: 119, At: monday}))
		b.settle()
		require.Len(t, b.plans(), 1)
		u := b.lastUpdate()
		require.Len(t, u.Positions, 1)
		require.Empty(t, u.Departures)
	})
}

func TestAPlanThatIsNotRecordedIsNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, network()...)
		b.failRecords(errors.New("broker away"))
		require.NoError(t, b.submit(&planner.DepartureCancelled{Departure: "S1", Mode: planner.ModeSea}))
		b.settle()
		c, err := b.loop.Current(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, c.Summary.Version)
		b.failRecords(nil)
		b.settle()
		b.settle()
		c, err = b.loop.Current(t.Context())
		require.NoError(t, err)
		require.Greater(t, c.Summary.Version, uint64(1))
		require.True(t, b.last().Complete, "what the log holds of the plan before is not known")
		require.Equal(t, []string{"S2"}, b.match("R1").Parts[0].Departures)
	})
}

func TestTimeAloneMakesAPlanOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, network()...)
		time.Sleep(49 * time.Hour) // past the cutoff of S1
		b.settle()
		require.Equal(t, []string{"S2"}, b.match("R1").Parts[0].Departures)
		require.Less(t, len(b.plans()), 8, "a plan for each day and cutoff, no busy loop")
		time.Sleep(20 * 24 * time.Hour)
		b.settle()
		require.NotNil(t, b.match("R1").Reason)
	})
}

func TestNoRoomIsPromisedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, append(network(), events(monday, request("R2", "e2", 60))...)...)
		confirm := func(exporter, request, booking string) error {
			got, err := b.loop.Decide(t.Context(), planner.Command{ID: "confirm " + booking, Kind: planner.EntryBookingConfirmed,
				Exporter: exporter, Booking: booking, Match: request})
			if err == nil {
				require.Equal(t, booking, got.Booking.BookingConfirmed.Booking)
				require.Equal(t, planner.BookingIsConfirmed, got.Booking.Status)
			}
			return err
		}
		require.ErrorIs(t, confirm("e2", "R1", "B0"), live.ErrNotYours)
		require.ErrorIs(t, confirm("e1", "R9", "B0"), live.ErrNotYours)

		// Both matches were made on 100 m3 of S1. The carrier cuts it to 70 before the next plan is there.
		require.NoError(t, b.loop.Ingest(t.Context(), events(monday, &planner.DepartureCapacityChanged{Departure: "S1",
			Mode: planner.ModeSea, CapacityM3: 70, CapacityKg: 1e6}), nil))
		results := make(chan error, 2)
		go func() { results <- confirm("e1", "R1", "B1") }()
		go func() { results <- confirm("e2", "R2", "B2") }()
		first, second := <-results, <-results
		if first != nil {
			first, second = second, first
		}
		require.NoError(t, first)
		require.ErrorIs(t, second, live.ErrNoRoom)
		require.NoError(t, b.loop.Read(t.Context(), func(s *planner.State) {
			d, _ := s.Departure("S1")
			require.Positive(t, d.BookedM3)
			require.LessOrEqual(t, d.BookedM3, 70.0)
		}))

		b.settle() // the other was planned anew, on what is left or on S2
		again := confirm("e1", "R1", "B1")
		if again != nil {
			again = confirm("e2", "R2", "B2")
		}
		require.NoError(t, again, "a retry after a lost answer gives the same booking")
		for _, c := range [][3]string{{"e1", "R1", "B3"}, {"e2", "R2", "B4"}} {
			if err := confirm(c[0], c[1], c[2]); err != nil {
				require.ErrorIs(t, err, live.ErrNotMatched, "%s is booked wholly", c[1])
			}
		}
	})
}

// TestTimeAndCarriersMoveBookings: a hold runs out, a cut disrupts and its end restores, ships leave and come in, all by
// entries that the leader writes without being asked.
func TestTimeAndCarriersMoveBookings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, append(network(), events(monday, request("R2", "e2", 60))...)...)
		decide := func(kind, exporter, request, booking string) (planner.Outcome, error) {
			return b.loop.Decide(t.Context(), planner.Command{ID: kind + booking, Kind: kind, Exporter: exporter, Booking: booking, Match: request})
		}
		status := func(booking string) (s string) {
			require.NoError(t, b.loop.Read(t.Context(), func(st *planner.State) {
				x, _ := st.Booking(booking)
				s = x.Status
			}))
			return s
		}
		booked := func() (m3 float64) {
			require.NoError(t, b.loop.Read(t.Context(), func(st *planner.State) {
				d, _ := st.Departure("S1")
				m3 = d.BookedM3
			}))
			return m3
		}
		held, err := decide(planner.EntryBookingHeld, "e1", "R1", "B1")
		require.NoError(t, err)
		require.Equal(t, 40.0, booked())
		b.settle()
		require.Empty(t, b.match("R1").Parts, "its request is planned no more")
		time.Sleep(time.Hour)
		b.settle()
		require.Equal(t, planner.BookingExpired, status("B1"))
		require.Zero(t, booked())
		again, err := decide(planner.EntryBookingHeld, "e1", "R1", "B1")
		require.NoError(t, err)
		require.Equal(t, held, again, "the answer to the same command is the same")
		_, err = decide(planner.EntryBookingConfirmed, "e1", "R1", "B1")
		require.ErrorIs(t, err, planner.ErrWrongStatus)

		for _, c := range [][3]string{{"e1", "R1", "B2"}, {"e2", "R2", "B3"}} {
			_, err = decide(planner.EntryBookingConfirmed, c[0], c[1], c[2])
			require.NoError(t, err)
		}
		require.Equal(t, 100.0, booked())
		room := func(m3 float64) {
			require.NoError(t, b.submit(&planner.DepartureCapacityChanged{Departure: "S1", Mode: planner.ModeSea, CapacityM3: m3, CapacityKg: 1e6}))
			b.settle()
		}
		room(70)
		require.Equal(t, planner.BookingIsConfirmed, status("B2"), "who came first keeps its room")
		require.Equal(t, planner.BookingPendingAmendment, status("B3"))
		room(100)
		require.Equal(t, planner.BookingIsConfirmed, status("B3"))
		time.Sleep(3 * 24 * time.Hour)
		b.settle()
		require.Equal(t, planner.BookingInTransit, status("B2"))
		time.Sleep(16 * 24 * time.Hour)
		b.settle()
		require.Equal(t, planner.BookingStored, status("B2"))
		time.Sleep(10 * 24 * time.Hour)
		b.settle()
		require.Equal(t, planner.BookingCompleted, status("B3"))
		require.Zero(t, booked())
	})
}

func TestSubmitSurvivesStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := live.New(live.Config{State: planner.NewState(), Now: time.Now,
			Publish: func(context.Context, ...planner.Event) error { return nil }})
		done := make(chan struct{})
		go func() { defer close(done); _ = l.Run(ctx) }()
		failed := make(chan error, 1)
		go func() { failed <- l.Submit(t.Context(), events(monday, request("R", "e", 1))...) }()
		synctest.Wait() // it waits for an event that never comes back
		cancel()
		<-done
		require.ErrorIs(t, <-failed, live.ErrStopped)
	})
}

// TestAThoroughPlanFollowsAQuickOne: two whole requests compete for one sailing, and the quick answer is not the last.
func TestAThoroughPlanFollowsAQuickOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := func(id string, m3 float64) planner.Fact {
			r := request(id, id, m3)
			r.Whole = true
			return r
		}
		b := start(t, append(network(), events(monday, whole("Q1", 55), whole("Q2", 45), whole("Q3", 60), whole("Q4", 70))...)...)
		c, err := b.loop.Current(t.Context())
		require.NoError(t, err)
		again, err := optimize.Solve(t.Context(), c.Problem, optimize.Options{})
		require.NoError(t, err)
		again.Seconds = c.Plan.Seconds
		require.Equal(t, again, c.Plan, "what is shown in the end is what the problem gives anywhere")
		require.Len(t, b.plans(), 2)
		require.LessOrEqual(t, b.plans()[1].Summary.Objective, b.plans()[0].Summary.Objective)
	})
}
