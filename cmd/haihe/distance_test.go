package main

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/stretchr/testify/require"

	"haihe/geo"
)

// Whatever the file holds, every row that can be read as CSV comes out again, with one field more at least.
func FuzzPairs(f *testing.F) {
	f.Add("from,from_lon,from_lat,to,to_lon,to_lat\nA,1,2,B,3,4\n")
	f.Add("from,from_lon,from_lat,to,to_lon,to_lat,x\nA,1,2\nA,NaN,2,B,3,4,\"\"\n")
	straight := func(from, to orb.Point, _ string) (geo.Route, error) {
		return geo.Route{DistanceKm: geo.DistanceKm(from, to)}, nil
	}
	f.Fuzz(func(t *testing.T, text string) {
		var out, told bytes.Buffer
		failed, err := measurePairs(strings.NewReader(text), &out, &told, straight)
		if err != nil {
			return
		}
		require.Equal(t, failed, strings.Count("\n"+told.String(), "\nline "), told.String())
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord, r.LazyQuotes = -1, true
		want := 0
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			}
			want++
		}
		w := csv.NewReader(&out)
		w.FieldsPerRecord = -1
		rows, err := w.ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, want)
	})
}
