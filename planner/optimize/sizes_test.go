package optimize

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// Problems of a real size, in usual and unusual units, with and without whole requests, by our verifier and the referee.
func TestSizesByTheReferee(t *testing.T) {
	judged := referee(t)
	if judged == nil {
		t.Skip("no referee beside the checkout")
	}
	size := []string{"-requests", "300", "-warehouses", "80", "-services", "20", "-flights", "20", "-load", "0.3", "-seed", "3"}
	split := generated(t, size...)
	some := generated(t, append(size, "-whole", "0.3")...)
	problems := map[string]*planner.Problem{
		"split":                 split,
		"litres and millions":   scaled(split, 1e3, 1e-6),
		"shiploads and cents":   scaled(split, 1e-3, 1e2),
		"some whole":            some,
		"some whole, in litres": scaled(some, 1e3, 1),
	}
	if f, err := os.Open(generator + "/../data/linerlib-pacific.json"); err == nil {
		defer f.Close()
		p, err := planner.DecodeProblem(f, f.Name())
		require.NoError(t, err)
		problems["many origins and transfers"] = p
	}
	objective := map[string]float64{}
	for name, p := range problems {
		t.Run(name, func(t *testing.T) {
			plan := solve(t, p, Options{Search: 300})
			v := wantSound(t, p, plan)
			gap := 1e-6
			for i := range p.Requests {
				if p.Requests[i].Whole {
					gap = 1
				}
			}
			require.LessOrEqual(t, v.Gap, gap)
			judged(t, p, plan, gap*1.01)
			objective[name] = plan.Objective
		})
	}
	require.InEpsilon(t, objective["split"], objective["litres and millions"]*1e6, 2e-6)
	require.InEpsilon(t, objective["split"], objective["shiploads and cents"]/1e2, 2e-6)
}
