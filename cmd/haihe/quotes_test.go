package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/planner/optimize"
	"haihe/planner/sample"
)

func sampleQuoter(t *testing.T) (*planner.Problem, *optimize.Quoter) {
	now := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	state := planner.NewState()
	for _, e := range sample.Events(1, now) {
		state.Apply(e)
	}
	p, _ := state.Problem(now, 90)
	q, err := optimize.NewQuoter(p, planner.Prices{})
	require.NoError(t, err)
	return p, q
}

func carpets(p *planner.Problem) planner.Request {
	ready := p.Start.Add(5 * 24 * time.Hour)
	return planner.Request{ID: "q", Origin: "CNTXG", Market: "US", Class: "general", VolumeM3: 10, WeightKg: 3000, Ready: ready,
		Due: ready.Add(60 * 24 * time.Hour), StorageDays: 30, Drawdown: planner.DrawdownLinear, Value: 1e6, TimeCostM3Day: 0.5, CO2ePriceT: 20}
}

func TestOffersAreChoices(t *testing.T) {
	p, q := sampleQuoter(t)
	r := carpets(p)
	r.Origin = "TSN"
	for _, origin := range []string{"CNTXG", "TSN"} {
		r.Origin = origin
		found, err := offers(q, &r)
		require.NoError(t, err)
		require.NotEmpty(t, found)
		best, err := q.Quote(&r, 1)
		require.NoError(t, err)
		assert.Contains(t, found, best[0])
		fast := r
		fast.TimeCostM3Day = onlyTimeM3Day
		first, err := q.Quote(&fast, 1)
		require.NoError(t, err)
		arrive := found[0].Arrive
		for i := range found {
			o := &found[i]
			sum := 0.0
			for _, x := range o.Items {
				sum += x.Amount
			}
			assert.InDelta(t, sum, o.Cost, 0.001, "itemised to the last cost")
			if i > 0 {
				assert.LessOrEqual(t, found[i-1].Cost, o.Cost)
			}
			if o.Arrive.Before(arrive) {
				arrive = o.Arrive
			}
		}
		assert.Equal(t, first[0].Arrive, arrive, "the fastest way is among them")
	}
}

func TestHelpsHelp(t *testing.T) {
	p, q := sampleQuoter(t)
	modes := modesOf(p)
	with := func(r planner.Request, x planner.Relaxation, less float64) planner.Request {
		switch x.Kind {
		case planner.RelaxDue:
			r.Due = r.Due.Add(time.Duration((x.Hours - less) * float64(time.Hour)))
		case planner.RelaxReady:
			r.Ready = r.Ready.Add(-time.Duration((x.Hours - less) * float64(time.Hour)))
		case planner.RelaxMode:
			r.Modes = append(append([]string{}, r.Modes...), x.Modes...)
		case planner.RelaxValue:
			r.Value = x.Value
		}
		return r
	}
	hasWay := func(r planner.Request) bool {
		found, err := q.Quote(&r, 1)
		require.NoError(t, err)
		return len(found) > 0
	}
	tried := map[string]bool{}
	soon := carpets(p)
	soon.Due = soon.Ready.Add(9 * 24 * time.Hour)
	onlyRail := carpets(p)
	onlyRail.Modes = []string{planner.ModeRail}
	for _, r := range []planner.Request{soon, onlyRail} {
		require.False(t, hasWay(r))
		found, err := helps(q, &r, modes)
		require.NoError(t, err)
		require.NotEmpty(t, found)
		for _, x := range found {
			tried[x.Kind] = true
			assert.True(t, hasWay(with(r, x, 0)), "%+v", x)
			if x.Hours > 1 {
				assert.False(t, hasWay(with(r, x, 1)), "%+v is the smallest", x)
			}
		}
	}
	cheap := carpets(p)
	cheap.Value = 1
	found, err := helps(q, &cheap, modes)
	require.NoError(t, err)
	require.Len(t, found, 1)
	cheap = with(cheap, found[0], 0)
	found, err = helps(q, &cheap, modes)
	require.NoError(t, err)
	assert.Empty(t, found, "nothing is amiss any more")
	assert.Contains(t, tried, planner.RelaxDue)
	assert.Contains(t, tried, planner.RelaxMode)
}
