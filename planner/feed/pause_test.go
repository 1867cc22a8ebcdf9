package feed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// However slow a feed is, no pause of it is over before it began.
func TestASlowFeedWaits(t *testing.T) {
	for _, speed := range []float64{1e-9, 1e-4, 1} {
		f := New(1, speed)
		for _, k := range f.kinds {
			for range 100 {
				require.Greater(t, f.pause(k, f.rnd.Float64()+0.1), time.Duration(0), "speed %v", speed)
			}
		}
	}
}
