package streams

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// readSlowly is the way that every other payload goes.
func readSlowly(data []byte) (*planner.PositionReported, error) {
	if err := checkSchema(positionType, data); err != nil {
		return nil, err
	}
	var p planner.PositionReported
	if err := decodePayload(data, &p); err != nil {
		return nil, err
	}
	return &p, p.Validate()
}

var plainPositions = []string{
	`{"departure":"D1","mode":"sea","lat":38.98,"lon":-117.7,"speed_knots":18.5,"course_deg":90,"at":"2027-03-01T08:30:00Z"}`,
	`{"at":"2027-03-01T08:30:00.123456789Z","departure":"D 1","mode":"air","lat":-0,"lon":0.5,"speed_knots":0,"course_deg":359.999}`,
}

var notPlain = []string{
	`{"departure":"D1","mode":"sea","lat":38.98,"lon":-117.7,"speed_knots":18.5,"course_deg":360,"at":"2027-03-01T08:30:00Z"}`,
	`{"departure":"D1","mode":"sea","lat":98.98,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-03-01T08:30:00Z"}`,
	`{"departure":"D1","mode":"sea","lat":038,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-03-01T08:30:00Z"}`,
	`{"departure":"D1","mode":"sea","lat":3e1,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-03-01T08:30:00Z"}`,
	`{"departure":"D1","mode":"sea","lat":3.,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-03-01T08:30:00Z"}`,
	`{"departure":"D1","mode":"sea","lat":3,"lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-03-01T08:30:00Z"}`,
	`{"departure":"D1","mode":"sea","lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0}`,
	`{"departure":"D1","mode":"sea","lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-03-01T08:30:00+00:00"}`,
	`{"departure":"D1","mode":"sea","lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-02-30T08:30:00Z"}`,
	`{"departure":"D1","mode":"boat","lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-02-03T08:30:00Z"}`,
	`{"departure":"","mode":"sea","lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-02-03T08:30:00Z"}`,
	`{"departure":"船","mode":"sea","lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-02-03T08:30:00Z"}`,
	`{"departure":"D\u0031","mode":"sea","lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-02-03T08:30:00Z"}`,
	`{"departure":"D1","mode":"sea","lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-02-03T08:30:00Z","x":1}`,
	`{"departure":"D1","mode":"sea","lat":3,"lon":-117.7,"speed_knots":18.5,"course_deg":0,"at":"2027-02-03T08:30:00Z"} `,
	`{}`, `{`, ``, `[]`, `{"at"`, `{"at":"`,
}

func TestPlainPositions(t *testing.T) {
	for _, text := range plainPositions {
		_, ok := plainPosition([]byte(text))
		assert.True(t, ok, text)
	}
	for _, text := range notPlain {
		_, ok := plainPosition([]byte(text))
		assert.False(t, ok, text)
	}
	// As our own encoder writes them.
	raw, err := json.Marshal(&planner.PositionReported{Departure: "D", Mode: planner.ModeSea, Lat: 1.25, At: time.Unix(1800000000, 5).UTC()})
	require.NoError(t, err)
	_, ok := plainPosition(raw)
	assert.True(t, ok, "%s", raw)
}

// What plainPosition takes, schema and decoder take too, and read alike.
func FuzzPlainPosition(f *testing.F) {
	for _, list := range [][]string{plainPositions, notPlain} {
		for _, text := range list {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := plainPosition(data)
		if !ok {
			return
		}
		want, err := readSlowly(data)
		require.NoError(t, err)
		require.True(t, want.At.Equal(got.At))
		got.At = want.At
		require.Equal(t, want, got)
	})
}

func BenchmarkPosition(b *testing.B) {
	data := []byte(plainPositions[0])
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			if _, ok := plainPosition(data); !ok {
				b.Fatal("not plain")
			}
		}
	})
	b.Run("schema", func(b *testing.B) {
		for b.Loop() {
			if _, err := readSlowly(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
