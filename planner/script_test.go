package planner_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestStateScripts runs the golden event scripts in testdata/state. Commands:
//
//	apply seq=N [id=ID] [at=TIME]  type and JSON of a fact on each line; says whether it changed anything
//	status KIND ID           how a resource stands
//	changes                  what changed since the last time
//	sailings                 what shut passages do to each departure, in whole days
//	problem now=TIME days=N  the problem, a line a thing, and what was left out
//
// Run with -rewrite to write the answers anew.
func TestStateScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/state", func(t *testing.T, path string) {
		s := planner.NewState()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			switch d.Cmd {
			case "apply":
				applyScript(t, s, d, &out)
			case "status":
				fmt.Fprintln(&out, status(t, s, d.CmdArgs[0].Key, d.CmdArgs[1].Key))
			case "changes":
				c := s.TakeChanges()
				fmt.Fprintf(&out, "places %v passages %v departures %v warehouses %v requests %v bookings %v positions %v\n",
					c.Places, c.Passages, c.Departures, c.Warehouses, c.Requests, c.Bookings, c.Positions)
			case "sailings":
				for _, id := range s.All().Departures {
					d, _ := s.Departure(id)
					fmt.Fprintln(&out, sailing(&d))
				}
			case "problem":
				var now string
				var days int
				d.ScanArgs(t, "now", &now)
				d.ScanArgs(t, "days", &days)
				at, err := time.Parse(time.RFC3339, now)
				require.NoError(t, err)
				printProblem(&out, s, at, days)
			default:
				t.Fatalf("%s: unknown command %s", d.Pos, d.Cmd)
			}
			return out.String()
		})
	})
}

// sailing is coarse on purpose: a better chart of the sea moves hours, and no day.
func sailing(d *planner.DepartureStatus) string {
	x := d.Diversion
	days := func(h float64) float64 { return math.Round(h / 24) }
	text := fmt.Sprintf("%s %s>%s", d.ID, d.From, d.To)
	switch {
	case x == nil:
		return text + ": as planned"
	case x.Blocked:
		return fmt.Sprintf("%s: no way, %v shut (%s)", text, x.Passages, x.Reason)
	}
	text += fmt.Sprintf(": around %v, leaves %g d later, comes %g d later", x.Passages, days(x.CarriedHours), days(x.CarriedHours+x.Hours))
	if sailed := x.Way.DistanceKm; sailed > 0 {
		text += fmt.Sprintf(", sails %.1f times as far", sailed/(sailed-x.Km))
	}
	if x.Turned != nil {
		text += ", turned at sea " + x.Turned.Format("01-02T15:04")
	}
	return text
}

func applyScript(t *testing.T, s *planner.State, d *datadriven.TestData, out *strings.Builder) {
	var seq int
	d.ScanArgs(t, "seq", &seq)
	var at time.Time
	if d.HasArg("at") {
		var text string
		d.ScanArgs(t, "at", &text)
		var err error
		at, err = time.Parse(time.RFC3339, text)
		require.NoError(t, err)
	}
	id := "e" + strconv.Itoa(seq)
	if d.HasArg("id") {
		d.ScanArgs(t, "id", &id)
	}
	for _, line := range strings.Split(d.Input, "\n") {
		typ, body, _ := strings.Cut(line, " ")
		f, ok := planner.NewFact(typ)
		require.True(t, ok, "%s: no fact type %s", d.Pos, typ)
		require.NoError(t, json.Unmarshal([]byte(body), f), "%s: %s", d.Pos, line)
		if err := f.Validate(); err != nil {
			fmt.Fprintf(out, "invalid: %v\n", err)
			continue
		}
		changed := s.Apply(planner.Event{ID: id, Source: "/test", Sequence: uint64(seq), Time: at, Fact: f})
		fmt.Fprintf(out, "%s %s %v\n", typ, f.Key(), changed)
	}
}

func status(t *testing.T, s *planner.State, kind, id string) string {
	look := map[string]func() (any, bool){
		planner.KindPlace:     func() (any, bool) { return wrap(s.Place(id)) },
		planner.KindPassage:   func() (any, bool) { return wrap(s.Passage(id)) },
		planner.KindDeparture: func() (any, bool) { return wrap(s.Departure(id)) },
		planner.KindWarehouse: func() (any, bool) { return wrap(s.Warehouse(id)) },
		planner.KindRequest:   func() (any, bool) { return wrap(s.Request(id)) },
		planner.KindBooking:   func() (any, bool) { return wrap(s.Booking(id)) },
	}[kind]
	require.NotNil(t, look, "unknown kind %s", kind)
	x, ok := look()
	if !ok {
		return "not known"
	}
	b, err := json.MarshalIndent(x, "", " ")
	require.NoError(t, err)
	return string(b)
}

func wrap[T any](x T, ok bool) (any, bool) { return x, ok }

func printProblem(out *strings.Builder, s *planner.State, now time.Time, days int) {
	p, omissions := s.Problem(now, days)
	fmt.Fprintf(out, "start %s days %d\n", p.Start.Format(time.RFC3339), p.Days)
	for _, d := range p.Departures {
		fmt.Fprintf(out, "departure %s %s>%s cutoff %s depart %s arrive %s room %g m3 %g kg rate %g/%s\n", d.ID, d.From, d.To,
			d.Cutoff.Format("01-02T15:04"), d.Depart.Format("01-02T15:04"), d.Arrive.Format("01-02T15:04"),
			d.CapacityM3, d.CapacityKg, d.Rate.Amount, d.Rate.Per)
	}
	for _, w := range p.Warehouses {
		fmt.Fprintf(out, "warehouse %s room %v gateways %d\n", w.ID, w.CapacityM3, len(w.Gateways))
	}
	for _, r := range p.Requests {
		fmt.Fprintf(out, "request %s %g m3 %g kg worth %g\n", r.ID, r.VolumeM3, r.WeightKg, r.Value)
	}
	for _, o := range omissions {
		fmt.Fprintf(out, "left out: %s %s: %s\n", o.Kind, o.ID, o.Problem)
	}
}
