package feed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNextName(t *testing.T) {
	depart := time.Date(2027, 12, 27, 8, 0, 0, 0, time.UTC) // Monday of week 52
	for _, c := range []struct {
		old   string
		taken []string
		want  string
	}{
		{"AEX-W52", nil, "AEX-W01"},
		{"AEX-W52", []string{"AEX-W01"}, "AEX-W01b"}, // a year old
		{"AEX-W52b", nil, "AEX-W01"},
		{"AEX-W52b", []string{"AEX-W01", "AEX-W01b"}, "AEX-W01c"},
		{"F03-1227", nil, "F03-0103"},
		{"W52-east", nil, "W01-east"},
		{"S001W16", nil, "S001W17"},
		{"S001W16", []string{"S001W17", "S001W18"}, "S001W19"},
		{"N099", nil, "N100"},
		{"N999", nil, "N1000"},
		{"Ocean Star", nil, "Ocean Star-0103"},
		{"Ocean Star", []string{"Ocean Star-0103"}, "Ocean Star-0103b"},
		{"x12345678901234567890", nil, "x12345678901234567890-0103"}, // no running number
	} {
		taken := map[string]bool{}
		for _, x := range c.taken {
			taken[x] = true
		}
		require.Equal(t, c.want, nextName(c.old, depart, depart.Add(week), func(s string) bool { return taken[s] }), c.old)
	}
}
