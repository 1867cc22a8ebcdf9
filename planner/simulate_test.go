package planner_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestLedgerSimulated runs leaders and readers against a log and a clock that are simulated: leaders lag behind the log,
// take over from each other, go on writing after they were replaced, write twice, late or not at all, crash and come
// back from a snapshot; carriers cut and restore room; the clock jumps. After each step the invariants must hold.
//
//	HAIHE_SIM_STEPS  steps (default 20,000), in worlds of 4,000
//	HAIHE_SIM_SEED   run the world of this seed alone: what a failure names
func TestLedgerSimulated(t *testing.T) {
	const perWorld = 4000
	if seed, err := strconv.ParseUint(os.Getenv("HAIHE_SIM_SEED"), 10, 64); err == nil {
		newWorld(t, seed).run(perWorld)
		return
	}
	steps := 20_000
	if n, err := strconv.Atoi(os.Getenv("HAIHE_SIM_STEPS")); err == nil && n > 0 {
		steps = n
	}
	total := worldCount{Kinds: map[string]int{}}
	for seed := uint64(1); steps > 0; seed++ {
		w := newWorld(t, seed)
		w.run(min(steps, perWorld))
		steps -= perWorld
		total.add(&w.count)
		if t.Failed() {
			t.Logf("HAIHE_SIM_SEED=%d runs this world alone", seed)
			break
		}
	}
	t.Logf("%+v", total)
	require.Positive(t, total.Acknowledged)
	require.Positive(t, total.Again)
	require.Positive(t, total.Fenced)
	require.Positive(t, total.Refused)
	for kind := range refereeMoves {
		require.Positive(t, total.Kinds[kind], kind)
	}
}

type worldCount struct {
	Acknowledged, Again, Refused, Fenced, Twice, Epochs, Crashes, Cuts int
	Kinds                                                              map[string]int // entries that count
}

func (a *worldCount) add(b *worldCount) {
	a.Acknowledged += b.Acknowledged
	a.Refused += b.Refused
	a.Fenced += b.Fenced
	a.Twice += b.Twice
	a.Epochs += b.Epochs
	a.Crashes += b.Crashes
	a.Again += b.Again
	a.Cuts += b.Cuts
	for k, n := range b.Kinds {
		a.Kinds[k] += n
	}
}

// world is a log of facts, a log of decisions, and instances that read both.
type world struct {
	t         *testing.T
	seed      uint64
	r         *rand.Rand
	now       time.Time
	facts     []planner.Event
	ledger    []planner.Event
	instances [3]*instance
	acked     map[string]planner.Outcome // by command
	inChain   map[string]bool            // hashes of entries that count, by the referee
	referee   *referee
	read      int // of the ledger, by the referee
	serial    int
	step      int
	count     worldCount
}

// instance is a process: what it has read, and what it has written and not read back.
type instance struct {
	id       int
	state    *planner.State
	facts    int // read
	ledger   int
	leads    bool
	flight   []*planner.LedgerEntry
	outcomes map[string]planner.Outcome // of the flight, by hash of the entry
	commands map[string]planner.Command // the same
}

var simRules = planner.Rules{QuoteFor: 3 * time.Hour, HoldFor: time.Hour, MaxOpen: 6}

var (
	simDepartures = []string{"D1", "D2", "D3"}
	simWarehouses = []string{"W1", "W2"}
)

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 7)), now: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC),
		acked: map[string]planner.Outcome{}, inChain: map[string]bool{}, referee: newReferee(), count: worldCount{Kinds: map[string]int{}}}
	for _, id := range []string{"CNTXG", "USLAX"} {
		w.say(&planner.PlaceDeclared{Place: planner.Place{ID: id, Lat: 38, Lon: 117}})
	}
	for i, id := range simDepartures {
		w.say(&planner.DepartureScheduled{Departure: planner.Departure{ID: id, Mode: planner.ModeRail, From: "CNTXG", To: "USLAX",
			Cutoff: w.now.AddDate(0, 0, 6+2*i), Depart: w.now.AddDate(0, 0, 7+2*i), Arrive: w.now.AddDate(0, 0, 12+2*i), CapacityM3: 60, CapacityKg: 9000}})
	}
	for _, id := range simWarehouses {
		w.say(&planner.WarehouseRegistered{Public: true, Warehouse: planner.Warehouse{ID: id, CapacityM3: planner.PerDay{70},
			Gateways: []planner.Gateway{{Place: "USLAX", Hours: 12}}}})
	}
	for i := range 12 {
		w.say(&planner.RequestSubmitted{Request: planner.Request{ID: fmt.Sprint("R", i), Exporter: fmt.Sprint("e", i%3), Origin: "CNTXG", Market: "US",
			VolumeM3: 7 + 3.3*float64(i%5), WeightKg: 900 + 111*float64(i%4), Ready: w.now, Due: w.now.AddDate(0, 1, 0), StorageDays: 1 + i%6,
			Drawdown: []string{planner.DrawdownNone, planner.DrawdownLinear}[i%2], Value: 1e4}})
	}
	for i := range w.instances {
		w.instances[i] = &instance{id: i, state: planner.NewState()}
	}
	return w
}

func (w *world) say(f planner.Fact) {
	w.serial++
	w.facts = append(w.facts, planner.Event{ID: fmt.Sprint("f", w.serial), Source: "/sim", Sequence: uint64(w.serial), Time: w.now, Fact: f})
}

func (w *world) run(steps int) {
	for w.step = range steps {
		in := w.instances[w.r.IntN(len(w.instances))]
		for _, x := range w.instances { // mostly, who leads is at work
			if x.leads && w.r.IntN(3) > 0 {
				in = x
			}
		}
		switch k := w.r.IntN(100); {
		case k < 30:
			w.readSome(in)
		case k < 65:
			w.decide(in)
		case k < 80:
			w.write(in)
		case k < 81:
			w.takeOver(w.instances[w.r.IntN(len(w.instances))])
		case k < 82:
			w.crash(w.instances[w.r.IntN(len(w.instances))])
		case k < 86:
			w.publish()
		case k < 97:
			w.now = w.now.Add(time.Duration(w.r.IntN(120)) * time.Minute)
		default:
			w.now = w.now.Add(time.Duration(w.r.IntN(121)-60) * time.Minute) // the clock jumps
		}
		w.judge()
		if w.t.Failed() {
			return
		}
	}
	w.agree()
}

func (w *world) fail(format string, a ...any) {
	w.t.Helper()
	w.t.Errorf("seed %d, step %d: %s", w.seed, w.step, fmt.Sprintf(format, a...))
}

// readSome lets an instance read on, in both logs, as far as chance has it.
func (w *world) readSome(in *instance) {
	if n := len(w.facts) - in.facts; n > 0 {
		to := in.facts + 1 + w.r.IntN(n)
		for ; in.facts < to; in.facts++ {
			in.state.Apply(w.facts[in.facts])
		}
	}
	if n := len(w.ledger) - in.ledger; n > 0 {
		w.readLedger(in, in.ledger+1+w.r.IntN(n))
	}
}

func (w *world) readLedger(in *instance, to int) {
	for ; in.ledger < to; in.ledger++ {
		e := w.ledger[in.ledger].Fact.(*planner.LedgerEntry)
		if !in.state.Apply(w.ledger[in.ledger]) {
			continue
		}
		ours := len(in.flight) > 0 && in.flight[0].Hash() == e.Hash()
		switch {
		case ours: // read back: this is when a command is acknowledged
			in.flight = in.flight[1:]
			in.leads = in.leads || e.Kind == planner.EntryEpochBegun
			if c, ok := in.commands[e.Hash()]; ok && c.ID != "" {
				w.acknowledge(c, in.outcomes[e.Hash()])
			}
		default: // somebody else's
			if len(in.flight) > 0 {
				w.count.Fenced++
			}
			in.flight, in.leads = nil, false
		}
	}
}

func (w *world) acknowledge(c planner.Command, o planner.Outcome) {
	w.count.Acknowledged++
	if was, ok := w.acked[c.ID]; ok && !same(was, o) {
		w.fail("command %s was answered %+v, and then %+v", c.ID, was, o)
	}
	w.acked[c.ID] = o
}

func same(a, b planner.Outcome) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// decide has an instance that believes to lead decide some commands, on what it has read.
func (w *world) decide(in *instance) {
	if !in.leads || len(in.flight) > 0 {
		return
	}
	d := in.state.Draft(simRules)
	in.outcomes, in.commands = map[string]planner.Outcome{}, map[string]planner.Command{}
	for range 1 + w.r.IntN(4) {
		if w.r.IntN(3) == 0 { // the rest is another flight, decided while this one is on its way
			in.flight = append(in.flight, d.Entries...)
			d = in.state.Draft(simRules)
			d.Assume(in.flight)
		}
		c := w.command(in)
		before := len(d.Entries)
		o, err := d.Decide(c, w.now)
		switch {
		case err != nil:
			w.count.Refused++
		case len(d.Entries) == before:
			if o.Seq <= in.state.Chain().Head().Seq && c.ID != "" {
				w.count.Again++
				w.acknowledge(c, o) // sent again: the answer is at hand
			}
		default:
			e := d.Entries[before]
			in.outcomes[e.Hash()], in.commands[e.Hash()] = o, c
		}
	}
	in.flight = append(in.flight, d.Entries...)
}

// command is one of an exporter, or of the leader's own.
func (w *world) command(in *instance) planner.Command {
	if ids := in.state.Bookings(); len(ids) > 0 && w.r.IntN(3) > 0 {
		id := ids[w.r.IntN(len(ids))]
		for range 5 { // rather one that may still change
			if b, _ := in.state.Booking(id); b.Cancelled || b.Status == planner.BookingCompleted {
				id = ids[w.r.IntN(len(ids))]
			}
		}
		if w.r.IntN(2) == 0 {
			if step, ok := in.state.NextStep(id); ok && !step.At.After(w.now) {
				return planner.Command{Kind: step.Kind, Booking: id, Reasons: step.Reasons}
			}
		}
		b, _ := in.state.Booking(id)
		kind := []string{planner.EntryBookingHeld, planner.EntryBookingConfirmed, planner.EntryBookingConfirmed, planner.EntryBookingCancelled,
			planner.EntryBookingRebooked}[w.r.IntN(5)]
		if b.Status == planner.BookingPendingAmendment && w.r.IntN(2) == 0 {
			kind = planner.EntryBookingRebooked
		}
		c := planner.Command{ID: fmt.Sprint(kind, id, w.r.IntN(2)), Kind: kind, Booking: id, Exporter: b.Exporter}
		if w.r.IntN(20) == 0 {
			c.Exporter = "e9"
		}
		if kind == planner.EntryBookingRebooked {
			c.Terms = w.terms(in, id, b.Request)
			c.Digest = fmt.Sprint(c.Terms.Parts)
		}
		return c
	}
	kind := []string{planner.EntryBookingQuoted, planner.EntryBookingHeld, planner.EntryBookingConfirmed}[w.r.IntN(3)]
	w.serial++
	id := fmt.Sprint("B", w.serial-w.r.IntN(3)) // now and then one that is there
	terms := w.terms(in, id, fmt.Sprint("R", w.r.IntN(13)))
	return planner.Command{ID: "make " + id, Digest: fmt.Sprint(kind, terms), Kind: kind, Booking: id, Exporter: terms.Exporter, Terms: terms}
}

func (w *world) terms(in *instance, booking, request string) *planner.BookingConfirmed {
	r, _ := in.state.Request(request)
	if r.ID == "" {
		r.Exporter, r.Drawdown = "e0", planner.DrawdownNone
	}
	f := &planner.BookingConfirmed{Booking: booking, Request: request, Exporter: r.Exporter, VolumeM3: r.VolumeM3, WeightKg: r.WeightKg,
		StorageDays: r.StorageDays, Drawdown: r.Drawdown}
	shares := [][]float64{{1}, {1}, {0.5}, {1. / 3, 1. / 3}, {0.3, 0.7}}[w.r.IntN(5)]
	for _, share := range shares {
		f.Parts = append(f.Parts, planner.Assignment{Request: request, Fraction: share, Departures: []string{simDepartures[w.r.IntN(3)]}, Gateway: "USLAX",
			Warehouse: simWarehouses[w.r.IntN(2)], Arrive: time.Date(2027, 3, 13+w.r.IntN(4), 12, 0, 0, 0, time.UTC), Cost: float64(w.r.IntN(900))})
	}
	return f
}

// write puts what an instance decided into the log: once, twice, or the first of it only. Nothing tells it which.
func (w *world) write(in *instance) {
	n := len(in.flight)
	if n > 0 && w.r.IntN(8) == 0 {
		n = w.r.IntN(n + 1)
	}
	times := 1
	if w.r.IntN(5) == 0 {
		times = 2
		w.count.Twice++
	}
	for range times {
		for _, e := range in.flight[:n] {
			w.ledger = append(w.ledger, planner.Event{ID: e.Hash(), Source: "/sim", Sequence: e.Seq, Time: e.Time, Fact: reread(w.t, e)})
		}
	}
}

// reread is an entry as it comes back from the log.
func reread(t *testing.T, e *planner.LedgerEntry) *planner.LedgerEntry {
	var again planner.LedgerEntry
	if err := json.Unmarshal(e.Raw(), &again); err != nil {
		t.Fatal(err)
	}
	again.Sealed(e.Raw())
	return &again
}

// takeOver has an instance begin an epoch, on what it has read by then; the one before may know nothing of it.
func (w *world) takeOver(in *instance) {
	if len(in.flight) > 0 {
		return
	}
	w.readLedger(in, len(w.ledger)-w.r.IntN(min(3, len(w.ledger)+1)))
	d := in.state.Draft(simRules)
	d.Begin(fmt.Sprint("i", in.id), "", w.now)
	in.flight, in.leads = d.Entries, false
	in.outcomes, in.commands = nil, nil
	w.count.Epochs++
	w.write(in)
}

// crash takes from an instance all but its last snapshot.
func (w *world) crash(in *instance) {
	w.count.Crashes++
	fresh := &instance{id: in.id, state: planner.NewState()}
	if w.r.IntN(4) > 0 {
		cut := planner.Cut{Events: in.state.Events(), Ledger: in.state.LedgerSnapshot()}
		raw, err := json.Marshal(cut.Ledger)
		require.NoError(w.t, err)
		cut.Ledger = planner.LedgerSnapshot{}
		require.NoError(w.t, json.Unmarshal(raw, &cut.Ledger))
		require.NoError(w.t, cut.Ledger.Validate())
		fresh.state, fresh.facts, fresh.ledger = cut.State(), in.facts, in.ledger
	}
	w.instances[in.id] = fresh
}

// publish has a carrier or a warehouse set its room, or cancel and reinstate.
func (w *world) publish() {
	switch id := simDepartures[w.r.IntN(3)]; w.r.IntN(8) {
	case 0:
		w.say(&planner.DepartureCancelled{Departure: id, Mode: planner.ModeRail})
	case 1, 2:
		w.say(&planner.DepartureReinstated{Departure: id, Mode: planner.ModeRail})
	case 3:
		w.say(&planner.OccupancyReported{Warehouse: simWarehouses[w.r.IntN(2)], From: "2027-03-12", FreeM3: planner.PerDay{20, 90, 90, 30, 70}})
	case 4:
		w.say(&planner.OccupancyReported{Warehouse: simWarehouses[w.r.IntN(2)], FreeM3: planner.PerDay{float64(40 + w.r.IntN(60))}})
	default:
		w.count.Cuts++
		w.say(&planner.DepartureCapacityChanged{Departure: id, Mode: planner.ModeRail, CapacityM3: float64(20 + w.r.IntN(60)), CapacityKg: 9000})
	}
}

// judge lets the referee read what is new, and checks that what was acknowledged counts.
func (w *world) judge() {
	for ; w.read < len(w.ledger); w.read++ {
		e := w.ledger[w.read].Fact.(*planner.LedgerEntry)
		counts, fault := w.referee.take(e)
		if fault != "" {
			w.fail("%s", fault)
		}
		if counts {
			w.inChain[e.Hash()] = true
			w.count.Kinds[e.Kind]++
		}
	}
}

// agree lets all instances read to the end: they say the same, and every command that was acknowledged is there, once.
func (w *world) agree() {
	var digests []string
	for _, in := range w.instances {
		for ; in.facts < len(w.facts); in.facts++ {
			in.state.Apply(w.facts[in.facts])
		}
		w.readLedger(in, len(w.ledger))
		d, err := in.state.Digest()
		require.NoError(w.t, err)
		digests = append(digests, d)
	}
	if digests[0] != digests[1] || digests[1] != digests[2] {
		w.fail("instances that have read the same say different things")
	}
	for id, o := range w.acked {
		if n := w.referee.commands[id]; n != 1 {
			w.fail("command %s was acknowledged as entry %d, and counts %d times", id, o.Seq, n)
		}
	}
	for id, n := range w.referee.commands {
		if n > 1 {
			w.fail("command %s counts %d times", id, n)
		}
	}
}
