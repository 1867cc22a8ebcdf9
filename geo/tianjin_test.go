package geo

import (
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"

	"haihe/geo/internal/chart"
)

// Pub. 151 states no margin; the table of LINERLIB that was made from it states five percent.
func TestDistancesFromTianjin(t *testing.T) {
	raw, err := os.ReadFile("testdata/tianjin.csv")
	require.NoError(t, err)
	rows, err := chart.Table("tianjin.csv", raw, "code", "name", "lon", "lat", "nm", "shut")
	require.NoError(t, err)
	number := func(s string) float64 { x, err := strconv.ParseFloat(s, 64); require.NoError(t, err); return x }
	var errors []float64
	for _, row := range rows {
		var o Options
		if row[5] != "" {
			o.Closed = []string{row[5]}
		}
		ask, err := NewRouterWith(o)
		require.NoError(t, err)
		r, err := ask(place(t, "CNTXG"), orb.Point{number(row[2]), number(row[3])}, Sea)
		require.NoError(t, err, row[1])
		nm, published := r.DistanceKm/1.852, number(row[4])
		off := nm/published - 1
		t.Logf("%-14s published %6.0f, ours %6.0f nm, %+.1f %%", row[1], published, nm, 100*off)
		require.Less(t, math.Abs(off), 0.05, row[1])
		errors = append(errors, math.Abs(off))
	}
	slices.Sort(errors)
	n := len(errors)
	t.Logf("%d ports: median %.1f %%, worst %.1f %%", n, 100*errors[n/2], 100*errors[n-1])
	require.Less(t, errors[n/2], 0.025)
}
