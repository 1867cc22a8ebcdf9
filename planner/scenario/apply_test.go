package scenario

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
	"haihe/planner/optimize"
	"haihe/planner/sample"
)

var now = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

func sampleBase() *Base { return &Base{Events: sample.Events(1, now), Now: now, Days: 90} }

func problem(t require.TestingT, b *Base, changes ...Change) *planner.Problem {
	p, err := b.Problem(changes...)
	require.NoError(t, err)
	require.NoError(t, p.Validate())
	return p
}

func factor(f float64) *float64 { return &f }

var (
	suez   = Change{Kind: ShutPassage, Passage: "suez"}
	santos = Change{Kind: AddService, Service: &Service{Mode: planner.ModeSea, Calls: []string{"CNTXG", "BRSSZ"}}}
)

func TestNoChangesMakeNoDifference(t *testing.T) {
	b := sampleBase()
	p := problem(t, b)
	require.Equal(t, p, problem(t, b))
	require.Equal(t, p, problem(t, Of(p)), "a problem file is as good as the state it came from")
	plan, err := optimize.Solve(t.Context(), p, optimize.Options{Search: 100})
	require.NoError(t, err)
	d := Compare(p, plan, p, plan)
	require.Zero(t, d.Totals.Objective.Change())
	require.Zero(t, d.Totals.Lost+d.Totals.Won+d.Totals.Rerouted)
	require.Empty(t, d.Lanes)
	require.Empty(t, d.Bottlenecks)
	require.Equal(t, Network{}, d.Network)
	for _, s := range d.Exporters {
		if s.Same != nil {
			require.Zero(t, *s.Gain+*s.Lose)
		}
	}
}

// TestShutPassageIsAsInEarnest compares with a state in which the passage was shut by the fact itself.
func TestShutPassageIsAsInEarnest(t *testing.T) {
	b := sampleBase()
	s := b.State()
	s.Apply(planner.Event{ID: "x", Sequence: 1, Time: now, Fact: &planner.PassageClosed{Passage: "suez", From: &now}})
	want, _ := s.Problem(now, b.Days)
	got := problem(t, b, suez)
	require.Equal(t, want, got)
	n := network(problem(t, b), got)
	require.Positive(t, n.Later)
	require.Zero(t, n.Earlier+n.Added)

	shut := &Base{Events: append(slices.Clone(b.Events), planner.Event{ID: "x", Sequence: 1, Time: now, Fact: &planner.PassageClosed{Passage: "suez", From: &now}}), Now: now, Days: b.Days}
	require.Equal(t, problem(t, b), problem(t, shut, Change{Kind: OpenPassage, Passage: "suez"}), "opened again, as if it had never been shut")
}

func TestChangesLeaveTheBaseAlone(t *testing.T) {
	b := sampleBase()
	before := problem(t, b)
	public := true
	w := before.Warehouses[3].ID
	changes := []Change{suez, santos, {Kind: ChangeWarehouse, Warehouse: w, Factor: factor(2), Public: &public},
		{Kind: StrikePort, Place: "USLAX", Days: 10}, {Kind: ChangeDemand, Market: "US", Factor: factor(1.5)}}
	after := problem(t, b, changes...)
	require.Equal(t, after, problem(t, b, changes...))
	require.Equal(t, before, problem(t, b))
	require.InDelta(t, 2*before.Warehouses[3].CapacityM3[0], after.Warehouses[3].CapacityM3[0], 1e-9)
	for i, r := range after.Requests {
		f := 1.0
		if r.Market == "US" {
			f = 1.5
		}
		require.InDelta(t, f*before.Requests[i].VolumeM3, r.VolumeM3, 1e-9)
	}
}

func TestService(t *testing.T) {
	b := sampleBase()
	known := map[string]bool{}
	for _, d := range problem(t, b).Departures {
		known[d.ID] = true
	}
	v := santos
	v.Service = &Service{Mode: planner.ModeSea, Calls: []string{"CNTXG", "SGSIN", "CLVAP"}, EveryDays: 14, CapacityM3: 77} // Valparaiso, where nothing calls
	var added []planner.Departure
	for _, d := range problem(t, b, v).Departures {
		if !known[d.ID] {
			added = append(added, d)
		}
	}
	require.Len(t, added, 2*7-1, "seven rounds in ninety days; the second leg of the last would leave after them")
	for _, d := range added {
		require.InDelta(t, 77, d.CapacityM3, 1e-9)
		require.Positive(t, d.CO2eKgPerT)
		require.Positive(t, d.Rate.Amount)
		require.NotEmpty(t, d.Classes)
		if d.From == "CNTXG" {
			sails := d.Arrive.Sub(d.Depart).Hours() / 24
			require.Greater(t, sails, 4.0, "to Singapore")
			require.Less(t, sails, 16.0)
		}
	}
	// The same service by air, and through a passage that is shut besides.
	air := Change{Kind: AddService, Service: &Service{Mode: planner.ModeAir, Calls: []string{"TSN", "FRA"}, EveryDays: 2}}
	require.Equal(t, 44, network(problem(t, b), problem(t, b, air)).Added)
	north := Change{Kind: AddService, Service: &Service{Mode: planner.ModeSea, Calls: []string{"CNTXG", "NLRTM"}}}
	longer := func(changes ...Change) float64 {
		for _, d := range problem(t, b, changes...).Departures {
			if !known[d.ID] {
				return d.Arrive.Sub(d.Depart).Hours()
			}
		}
		return 0
	}
	require.Greater(t, longer(north, suez), longer(north)+24)
}

func TestCheck(t *testing.T) {
	b := sampleBase()
	early := now.Add(-time.Hour)
	ancient := now.AddDate(-30, 0, 0)
	for field, c := range map[string]Change{
		"service.first":    {Kind: AddService, Service: &Service{Mode: "sea", Calls: []string{"CNTXG", "BRSSZ"}, First: &ancient}},
		"passage":          {Kind: ShutPassage, Passage: "sues"},
		"until":            {Kind: ShutPassage, Passage: "suez", Until: &early},
		"service":          {Kind: AddService},
		"service.mode":     {Kind: AddService, Service: &Service{Mode: "balloon", Calls: []string{"CNTXG", "BRSSZ"}}},
		"service.calls":    {Kind: AddService, Service: &Service{Mode: "sea", Calls: []string{"CNTXG"}}},
		"service.calls[1]": {Kind: AddService, Service: &Service{Mode: "sea", Calls: []string{"CNTXG", "FRA"}}},
		"service.capacity_m3": {Kind: AddService, Service: &Service{Mode: "sea", Calls: []string{"CNTXG", "BRSSZ"},
			CapacityM3: math.NaN()}},
		"warehouse": {Kind: ChangeWarehouse, Warehouse: "nowhere", Factor: factor(1)},
		"factor":    {Kind: ChangeDemand, Factor: factor(-1)},
		"days":      {Kind: StrikePort, Place: "USLAX"},
		"place":     {Kind: StrikePort, Place: "XXXXX", Days: 1},
		"kind":      {Kind: "weather"},
	} {
		err := b.Check([]Change{santos, c})
		var found *planner.FieldErrors
		require.ErrorAs(t, err, &found, field)
		require.Equal(t, "changes[1]."+field, found.List[0].Path)
	}
	require.Error(t, b.Check(make([]Change, maxChanges+1)))
}

// TestStrike: nothing comes or goes meanwhile, nothing is earlier, voyages keep their order, what never touches the place and
// comes after nothing that does stays as it is.
func TestStrike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &planner.Problem{Start: now.Truncate(24 * time.Hour), Days: 60}
		h := func(x float64) time.Duration { return time.Duration(x * float64(time.Hour)) }
		ports := []string{"A", "B", "C", "D"}
		for v := range rapid.IntRange(1, 6).Draw(t, "voyages") {
			at := p.Start.Add(h(rapid.Float64Range(0, 900).Draw(t, "leaves")))
			mode := rapid.SampledFrom([]string{planner.ModeSea, planner.ModeSea, planner.ModeAir}).Draw(t, "mode")
			from := rapid.IntRange(0, 3).Draw(t, "from")
			for l := range rapid.IntRange(1, 4).Draw(t, "legs") {
				to := (from + rapid.IntRange(1, 3).Draw(t, "to")) % 4
				run := h(rapid.Float64Range(1, 200).Draw(t, "run"))
				d := planner.Departure{ID: fmt.Sprintf("%d/%d", v, l), Mode: mode, From: ports[from], To: ports[to], Cutoff: at.Add(-h(10)), Depart: at, Arrive: at.Add(run)}
				if rapid.Bool().Draw(t, "of a voyage") {
					d.Voyage = fmt.Sprint(v)
				}
				p.Departures = append(p.Departures, d)
				from, at = to, d.Arrive.Add(h(rapid.Float64Range(0, 40).Draw(t, "stay")))
			}
		}
		before := map[string]planner.Departure{}
		for _, d := range p.Departures {
			before[d.ID] = d
		}
		from := p.Start.Add(h(rapid.Float64Range(0, 1000).Draw(t, "from")))
		until := from.Add(h(rapid.Float64Range(1, 500).Draw(t, "for")))
		strike(p, "B", from, until)
		on := func(x time.Time) bool { return !x.Before(from) && x.Before(until) }
		last := map[string]planner.Departure{}
		for _, d := range p.Departures {
			was := before[d.ID]
			require.False(t, d.From == "B" && on(d.Depart), d.ID)
			require.False(t, d.To == "B" && on(d.Arrive), d.ID)
			require.False(t, d.Depart.Before(was.Depart) || d.Arrive.Before(was.Arrive))
			require.GreaterOrEqual(t, d.Arrive.Sub(d.Depart), was.Arrive.Sub(was.Depart))
			require.Equal(t, was.Depart.Sub(was.Cutoff), d.Depart.Sub(d.Cutoff), "cargo may come as late as before")
			if d.Voyage == "" && d.From != "B" && d.To != "B" || d.Mode == planner.ModeAir {
				require.Equal(t, was, d)
			}
			if prev, ok := last[d.Voyage]; ok && d.Voyage != "" {
				require.False(t, d.Depart.Before(prev.Arrive), "%s leaves before the ship is in", d.ID)
			}
			last[d.Voyage] = d
		}
	})
}
