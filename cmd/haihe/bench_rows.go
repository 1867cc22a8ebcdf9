package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// benchRow is one row of docs/benchmarks.md: problems of one kind, and how far a plan of them is to get.
type benchRow struct {
	name   string
	what   string        // in a few words
	size   []string      // of the generator; nil: a file that only --dir can hold
	goals  []benchGoal   // each a run of its own
	repeat int           // runs of each goal, of which the median counts: short ones are noisy
	rival  time.Duration // the most that a peer is given
	counts bool          // a point of the curve of growth
	quotes bool          // prices requests at the prices of the plan of the last goal
	listed bool          // all itineraries can be listed for a solver of linear programs
}

// benchGoal is where a run may stop. Zero values do not stop it.
type benchGoal struct {
	regret float64
	gap    float64
	limit  time.Duration // where the time is the goal
	whole  bool          // the gap to the bound that whole requests allow for is told
	plain  bool          // of who stays behind only the obstacle is told, as the peer tells nothing
}

func (g benchGoal) String() string {
	switch {
	case g.limit > 0:
		return fmt.Sprintf("%g s", g.limit.Seconds())
	case g.regret > 0:
		return "regret " + exponent(g.regret)
	case g.plain:
		return "gap " + exponent(g.gap) + ", obstacles alone"
	}
	return "gap " + exponent(g.gap)
}

// reasons is how much work may go into them.
func (g benchGoal) reasons() float64 {
	if g.plain {
		return 0
	}
	return 1
}

// exponent writes 0.0001 as 1e-4.
func exponent(x float64) string { return strings.Replace(fmt.Sprintf("%.0e", x), "e-0", "e-", 1) }

func sized(requests, warehouses, services, flights int, load string, more ...string) []string {
	return append([]string{"-requests", fmt.Sprint(requests), "-warehouses", fmt.Sprint(warehouses), "-services", fmt.Sprint(services),
		"-flights", fmt.Sprint(flights), "-load", load}, more...)
}

var (
	sizeS = sized(300, 80, 20, 20, "0.3")
	sizeM = sized(10_000, 400, 60, 40, "0.35")
	sizeH = sized(30_000, 1000, 100, 60, "0.35")
	sizeL = sized(100_000, 2500, 190, 90, "0.35")
)

// benchRows are all rows in the order of the table. Rows of one size share a problem.
var benchRows = []benchRow{
	{name: "S", what: "300 requests", size: sizeS, goals: []benchGoal{{gap: 1e-6}}, repeat: 5, rival: time.Minute, listed: true},
	{name: "M", what: "10,000 requests", size: sizeM, goals: []benchGoal{{regret: 1e-4}}, repeat: 1, rival: 3 * time.Minute},
	{name: "H", what: "30,000 requests", size: sizeH, goals: []benchGoal{{regret: 1e-4}}, repeat: 1, rival: 5 * time.Minute},
	{name: "L", what: "100,000 requests", size: sizeL, goals: []benchGoal{{regret: 1e-3}, {regret: 1e-4}}, repeat: 1, rival: 10 * time.Minute},
	{name: "linerlib", what: "2,680 requests of many origins, many transfers", goals: []benchGoal{{gap: 1e-6}, {gap: 1e-6, plain: true}}, repeat: 5, rival: time.Minute},
	{name: "M-whole", what: "10,000 whole requests", size: slices.Concat(sizeM, []string{"-whole", "1"}),
		goals: []benchGoal{{limit: time.Minute, whole: true}}, repeat: 1},
	{name: "S-whole", what: "300 whole requests", size: slices.Concat(sizeS, []string{"-whole", "1"}),
		goals: []benchGoal{{limit: 10 * time.Second, whole: true}, {limit: time.Minute, whole: true}}, repeat: 1},
	{name: "quotes", what: "the best three itineraries of one request, at the prices of a plan of L", size: sizeL, goals: []benchGoal{{regret: 1e-3}}, repeat: 1, quotes: true},
	growth(1000, 120, 30, 25),
	growth(3000, 200, 40, 30),
	growth(10_000, 400, 60, 40),
	growth(30_000, 1000, 100, 60),
	growth(100_000, 2500, 190, 90),
}

// growthName is the row that has a problem for each point of its curve.
const growthName = "growth"

func growth(requests, warehouses, services, flights int) benchRow {
	return benchRow{name: growthName, what: fmt.Sprintf("%d requests", requests), size: sized(requests, warehouses, services, flights, "0.35"),
		goals: []benchGoal{{regret: 1e-3}}, repeat: 1, counts: true}
}

// benchNames are the names of the rows, each once.
func benchNames() []string {
	var names []string
	for i := range benchRows {
		if !slices.Contains(names, benchRows[i].name) {
			names = append(names, benchRows[i].name)
		}
	}
	return names
}

// problemName is what the file of the row's problem is called: after the first row of its size.
func (r *benchRow) problemName(seed int) string {
	if r.size == nil {
		return "linerlib-pacific.json"
	}
	name := r.name
	for i := range benchRows {
		if slices.Equal(benchRows[i].size, r.size) {
			name = benchRows[i].name
			break
		}
	}
	if name == growthName {
		name += "-" + r.size[1]
	}
	return fmt.Sprintf("%s-seed%d.json", name, seed)
}

// benchDays is the horizon of all generated problems: the rows' figures hold for it.
const benchDays = 84

func (r *benchRow) generate(seed int) []string {
	return slices.Concat([]string{"gen"}, r.size, []string{"-days", fmt.Sprint(benchDays), "-seed", fmt.Sprint(seed)})
}
