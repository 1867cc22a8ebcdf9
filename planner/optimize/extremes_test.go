package optimize

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// extreme is a problem at the edge of something, with the least cost of planning it where that is known.
type extreme struct {
	name string
	p    *planner.Problem
	want float64 // 0: not known
}

// scales are the same problem in other units, from 1e-3 to 1e6 of volume and of money.
func scales(t require.TestingT) []extreme {
	p := tiny(rand.New(rand.NewPCG(1, 14)), 8, 0)
	want := reference(t, p)
	var list []extreme
	for _, volume := range []float64{1e-3, 1e-2, 1e-1, 1, 1e3, 1e6} {
		for _, money := range []float64{1e-3, 1e-1, 1, 1e3, 1e6} {
			list = append(list, extreme{fmt.Sprintf("volume × %g, money × %g", volume, money), scaled(p, volume, money), want * money})
		}
	}
	// Parcels and shiploads in one problem, on departures of every size.
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 15))
		q := tiny(rnd, 30, 0)
		for i := range q.Requests {
			r := &q.Requests[i]
			f := math.Pow(10, float64(rnd.IntN(8)-3))
			r.VolumeM3, r.WeightKg, r.Value = r.VolumeM3*f, r.WeightKg*f, r.Value*f
		}
		for i := range q.Departures {
			f := math.Pow(10, float64(rnd.IntN(7)-2))
			q.Departures[i].CapacityM3, q.Departures[i].CapacityKg = q.Departures[i].CapacityM3*f, q.Departures[i].CapacityKg*f
		}
		list = append(list, extreme{fmt.Sprintf("parcels and shiploads %d", seed), q, 0})
	}
	return list
}

// each lets a case change every request, departure and warehouse.
func each(p *planner.Problem, r func(*planner.Request), d func(*planner.Departure), w func(*planner.Warehouse)) {
	for i := range p.Requests {
		if r != nil {
			r(&p.Requests[i])
		}
	}
	for i := range p.Departures {
		if d != nil {
			d(&p.Departures[i])
		}
	}
	for i := range p.Warehouses {
		if w != nil {
			w(&p.Warehouses[i])
		}
	}
}

// degenerates are problems full of ties, zeros and corners.
func degenerates(t require.TestingT) []extreme {
	changes := []struct {
		name   string
		change func(p *planner.Problem)
	}{
		{"equal rates", func(p *planner.Problem) {
			each(p, func(r *planner.Request) { r.TimeCostM3Day, r.CO2ePriceT = 0, 0 },
				func(d *planner.Departure) { d.Rate = planner.Rate{Per: planner.PerM3, Amount: 10, KgPerM3: 1e9} },
				func(w *planner.Warehouse) {
					w.InboundM3, w.StorageM3Day = 1, 1
					for k := range w.Gateways {
						w.Gateways[k].RateM3 = 1
					}
					for k := range w.Markets {
						w.Markets[k].RateM3 = 1
					}
				})
			for i := range p.Places {
				p.Places[i].TransferCostM3 = 0
			}
		}},
		{"all free", func(p *planner.Problem) {
			value := make([]float64, len(p.Requests))
			for i := range value {
				value[i] = p.Requests[i].Value
			}
			*p = *scaled(p, 1, 0)
			for i := range value {
				p.Requests[i].Value = value[i]
			}
		}},
		{"no room on every other departure", func(p *planner.Problem) {
			for i := range p.Departures {
				if i%2 == 0 {
					p.Departures[i].CapacityM3, p.Departures[i].CapacityKg = 0, 0
				}
			}
		}},
		{"room in m3 and none in kg", func(p *planner.Problem) { each(p, nil, func(d *planner.Departure) { d.CapacityKg = 0 }, nil) }},
		{"a breath of room", func(p *planner.Problem) {
			each(p, nil, func(d *planner.Departure) { d.CapacityM3, d.CapacityKg = 1e-5, 1e-3 }, nil)
		}},
		{"no room on every other day", func(p *planner.Problem) {
			each(p, nil, nil, func(w *planner.Warehouse) {
				days := make(planner.PerDay, p.Days)
				for d := range days {
					days[d] = w.CapacityM3.At(d) * float64(d%2)
				}
				w.CapacityM3 = days
			})
		}},
		{"room without end", func(p *planner.Problem) {
			each(p, nil, func(d *planner.Departure) { d.CapacityM3, d.CapacityKg = 1e12, 1e12 }, func(w *planner.Warehouse) { w.CapacityM3 = planner.PerDay{1e12} })
		}},
		{"one warehouse", func(p *planner.Problem) {
			p.Warehouses = p.Warehouses[:1]
			each(p, func(r *planner.Request) { r.Market = p.Warehouses[0].Markets[0].ID }, nil, nil)
		}},
		{"one request", func(p *planner.Problem) { p.Requests = p.Requests[:1] }},
		{"one departure", func(p *planner.Problem) { p.Departures = p.Departures[:1] }},
		{"no storage", func(p *planner.Problem) { each(p, func(r *planner.Request) { r.StorageDays = 0 }, nil, nil) }},
		{"storage beyond the horizon", func(p *planner.Problem) { each(p, func(r *planner.Request) { r.StorageDays = 400 }, nil, nil) }},
		{"no weight", func(p *planner.Problem) { each(p, func(r *planner.Request) { r.WeightKg = 0 }, nil, nil) }},
		{"worth nothing but one", func(p *planner.Problem) {
			each(p, func(r *planner.Request) { r.Value = 0 }, nil, nil)
			p.Requests[0].Value = 1e7
		}},
		{"worth a fortune", func(p *planner.Problem) { each(p, func(r *planner.Request) { r.Value *= 1e7 }, nil, nil) }},
		{"all depart at once", func(p *planner.Problem) {
			each(p, nil, func(d *planner.Departure) { d.Cutoff, d.Depart, d.Arrive = hour(200), hour(200), hour(224) }, nil)
		}},
		{"due as it comes", func(p *planner.Problem) { // arrival, cutoff and midnight fall on the same hour
			each(p, func(r *planner.Request) { r.Ready, r.Due = hour(24), hour(240) },
				func(d *planner.Departure) { d.Cutoff, d.Depart, d.Arrive = hour(24), hour(24), hour(240) },
				func(w *planner.Warehouse) {
					for k := range w.Gateways {
						w.Gateways[k].Hours = 0
					}
				})
		}},
		{"there and back", func(p *planner.Problem) { // voyages that call at the same places again and again
			var legs []planner.Departure
			for i := range 12 {
				d := p.Departures[0]
				d.ID, d.Voyage, d.From, d.To = fmt.Sprintf("loop/%d", i), "loop", p.Places[i%2].ID, p.Places[(i+1)%2].ID
				d.Cutoff, d.Depart, d.Arrive = hour(float64(30+30*i)), hour(float64(30+30*i)), hour(float64(60+30*i))
				d.CapacityM3, d.CapacityKg, d.Classes = 10, 4000, []string{"general", "battery"}
				legs = append(legs, d)
			}
			p.Departures = append(legs, p.Departures...)
		}},
	}
	var list []extreme
	for _, c := range changes {
		p := tiny(rand.New(rand.NewPCG(8, 16)), 8, 0)
		c.change(p)
		x := extreme{name: c.name, p: p}
		if c.name != "worth a fortune" { // gonum's simplex has no tolerance for such values
			x.want = reference(t, p)
		}
		list = append(list, x)
	}
	// Thousands alike, on departures that take some of them: the best fills the cheapest first.
	p := tiny(rand.New(rand.NewPCG(8, 16)), 1, 0)
	r := p.Requests[0]
	r.Class, r.Modes, r.VolumeM3, r.WeightKg, r.Value, r.Ready, r.Due = "general", nil, 0.01, 2, 40, hour(0), hour(479)
	p.Requests = []planner.Request{r}
	p.Requests[0].VolumeM3, p.Requests[0].WeightKg, p.Requests[0].Value = 30, 6000, 120_000
	want := reference(t, p)
	p.Requests = nil
	for i := range 3000 {
		r.ID = fmt.Sprintf("R%d", i)
		p.Requests = append(p.Requests, r)
	}
	list = append(list, extreme{"thousands alike", p, want})
	none := &planner.Problem{Version: planner.ProblemVersion, Currency: "USD", Start: testStart, Days: 3}
	return append(list, extreme{"nothing", none, 0})
}

// referee returns a check by the referee beside the checkout, which shares no code with the project, or nil.
func referee(t *testing.T) func(t *testing.T, p *planner.Problem, plan *planner.Plan, gap float64) {
	if _, err := os.Stat(filepath.Join(generator, "check.go")); err != nil {
		return nil
	}
	dir := t.TempDir()
	judge := filepath.Join(dir, "judge")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", judge, ".")
	build.Dir = generator
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return func(t *testing.T, p *planner.Problem, plan *planner.Plan, gap float64) {
		var problem, answer bytes.Buffer
		require.NoError(t, planner.EncodeProblem(&problem, p))
		require.NoError(t, planner.EncodePlan(&answer, plan))
		for name, b := range map[string][]byte{"problem.json": problem.Bytes(), "plan.json": answer.Bytes()} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
		}
		said, err := exec.CommandContext(t.Context(), judge, "check", "-gap", fmt.Sprint(gap), filepath.Join(dir, "problem.json"), filepath.Join(dir, "plan.json")).CombinedOutput()
		require.NoError(t, err, "%s", said)
	}
}

// flat is a problem whose warehouses charge the same every day.
func flat(p *planner.Problem) *planner.Problem {
	q := scaled(p, 1, 1)
	for i := range q.Warehouses {
		q.Warehouses[i].FreeDays, q.Warehouses[i].StorageTiers = 0, nil
	}
	return q
}

// Numbers of every size and corners of every kind: the optimum is found, split, and whole requests get a plan that holds;
// by our verifier, by gonum's simplex over all itineraries, and by the referee.
func TestExtremes(t *testing.T) {
	judged := referee(t)
	for _, x := range append(scales(t), degenerates(t)...) {
		t.Run(x.name, func(t *testing.T) {
			require.NoError(t, x.p.Validate())
			plan := solve(t, x.p, Options{})
			v := wantSound(t, x.p, plan)
			require.LessOrEqual(t, v.Gap, 1e-6+1e-12)
			if v.Objective > 0 {
				require.Equal(t, planner.StatusOptimal, plan.Status)
			}
			if x.want != 0 {
				require.InEpsilon(t, x.want, plan.Objective, 2e-6)
			}
			if judged != nil { // the referee knows one rate for all days
				judged(t, flat(x.p), solve(t, flat(x.p), Options{}), 1.01e-6)
			}
			whole := scaled(x.p, 1, 1)
			for i := range whole.Requests {
				whole.Requests[i].Whole = true
			}
			plan = solve(t, whole, Options{Search: 200})
			wantSound(t, whole, plan)
			if judged != nil {
				judged(t, flat(whole), solve(t, flat(whole), Options{Search: 200}), math.Inf(1))
			}
		})
	}
}

// At any scale a quote costs what the plan of a lone request with endless room costs.
func TestQuotesAtEveryScale(t *testing.T) {
	quoted := 0
	for _, x := range scales(t) {
		for i := range x.p.Requests {
			p := scaled(x.p, 1, 1)
			p.Requests = p.Requests[i : i+1]
			p.Requests[0].Value *= 100
			each(p, nil, func(d *planner.Departure) { d.CapacityM3, d.CapacityKg = 1e15, 1e15 }, func(w *planner.Warehouse) { w.CapacityM3 = planner.PerDay{1e15} })
			q, err := NewQuoter(p, planner.Prices{})
			require.NoError(t, err)
			quotes, err := q.Quote(&p.Requests[0], 1)
			require.NoError(t, err)
			plan := solve(t, p, Options{})
			require.Equal(t, len(quotes) > 0, len(plan.Assignments) > 0, x.name)
			if len(quotes) > 0 {
				require.InEpsilon(t, plan.Assignments[0].Cost, quotes[0].Cost, 1e-9, x.name)
				quoted++
			}
		}
	}
	require.NotZero(t, quoted)
}

// A delay of hours or of years changes dates, not costs: problems far from the epoch plan alike.
func TestAnyStart(t *testing.T) {
	p := tiny(rand.New(rand.NewPCG(9, 17)), 10, 0)
	want := solve(t, p, Options{}).Objective
	for _, years := range []int{-40, 28, 160} {
		q := scaled(p, 1, 1)
		shift := func(at *time.Time) { *at = at.AddDate(0, 0, years*365) }
		shift(&q.Start)
		each(q, func(r *planner.Request) { shift(&r.Ready); shift(&r.Due) }, func(d *planner.Departure) { shift(&d.Cutoff); shift(&d.Depart); shift(&d.Arrive) }, nil)
		plan := solve(t, q, Options{})
		wantSound(t, q, plan)
		require.InEpsilon(t, want, plan.Objective, 1e-9)
	}
}
