package topojson

import (
	"testing"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"

	"haihe/geo/internal/chart"
)

const square = `{"type":"Topology","transform":{"scale":[0.5,0.5],"translate":[-180,-90]},"arcs":[[[0,0],[2,0],[0,2]],[[0,0],[0,2],[2,0]]],
"objects":{"land":{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","arcs":[[[0,-2]]]},{"type":"Polygon","arcs":[[0,-2]]}]}}}`

func TestReadLand(t *testing.T) {
	rings, step, zero, err := ReadLand([]byte(square))
	require.NoError(t, err)
	require.Equal(t, orb.Point{0.5, 0.5}, step)
	require.Equal(t, orb.Point{-180, -90}, zero)
	want := chart.Ring{{-180, -90}, {-179, -90}, {-179, -89}, {-180, -89}}
	require.Equal(t, []chart.Ring{want, want}, rings)
	for _, raw := range []string{"", "{}", `{"type":"Topology","transform":{"scale":[1,1]},"objects":{"land":{"geometries":[{"type":"Polygon","arcs":[[7]]}]}}}`,
		`{"type":"Topology","transform":{"scale":[1,1]},"objects":{"land":{"geometries":[{"type":"Point"}]}}}`} {
		_, _, _, err := ReadLand([]byte(raw))
		require.ErrorContains(t, err, "topojson")
	}
}

func FuzzReadLand(f *testing.F) {
	f.Add([]byte(square))
	f.Fuzz(func(t *testing.T, raw []byte) {
		rings, _, _, err := ReadLand(raw)
		if err != nil {
			require.Nil(t, rings)
		}
	})
}
