package web

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"haihe/planner"
	"haihe/planner/live"
)

// TestTalliesAreTheSums: whatever happens to requests, matches and bookings, what is kept of loads is what all that is there adds up to,
// and what was handed out is not written to.
func TestTalliesAreTheSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(func(string) (PlaceNames, bool) { return PlaceNames{}, false })
		pick := func(what string, most int) int { return rapid.IntRange(0, most).Draw(t, what) }
		parts := func() []planner.Assignment {
			list := make([]planner.Assignment, 1+pick("parts", 1))
			for i := range list {
				list[i] = planner.Assignment{Fraction: float64(1+pick("fraction", 3)) / 8, Warehouse: fmt.Sprint("W", pick("warehouse", 1)),
					Arrive: time.Unix(int64(3600*pick("hour", 5)), 0)}
				for range 1 + pick("departures", 2) {
					list[i].Departures = append(list[i].Departures, fmt.Sprint("D", pick("departure", 2)))
				}
			}
			return list
		}
		var handed, copies []byOwner
		for range 1 + pick("steps", 30) {
			var u live.Update
			id := fmt.Sprint("R", pick("request", 4))
			switch pick("what", 3) {
			case 0:
				r := planner.RequestStatus{Request: planner.Request{ID: id, Exporter: fmt.Sprint("E", pick("exporter", 2)), VolumeM3: float64(1 + pick("m3", 9)), WeightKg: 7}}
				r.BookedShare = float64(pick("share", 2)) / 2
				u.Requests = append(u.Requests, r)
			case 1:
				u.Matches = append(u.Matches, planner.Match{Request: id, Parts: parts()})
			case 2:
				u.Unplanned = append(u.Unplanned, id)
			case 3:
				b := planner.BookingStatus{Cancelled: pick("cancelled", 1) == 1}
				b.Booking, b.Exporter, b.VolumeM3, b.WeightKg, b.Parts = fmt.Sprint("B", pick("booking", 3)), fmt.Sprint("E", pick("exporter", 2)), 8, 9, parts()
				if old := m.bookings[b.Booking]; old != nil {
					b.Exporter = old.Exporter
				}
				u.Bookings = append(u.Bookings, b)
			}
			m.take(u)
			aboard, stored, reserved := map[string]byOwner{}, map[string]byOwner{}, map[string]byOwner{}
			put := func(to map[string]byOwner, name, owner string, f figure) {
				if to[name] == nil {
					to[name] = byOwner{}
				}
				to[name].add(owner, f)
			}
			for id, match := range m.matches {
				r := m.requests[id]
				if r == nil {
					continue
				}
				for _, a := range match.Parts {
					f := assigned(&a, r.VolumeM3*(1-r.BookedShare), r.WeightKg*(1-r.BookedShare))
					for _, d := range slices.Compact(slices.Sorted(slices.Values(a.Departures))) {
						put(aboard, d, r.Exporter, f)
					}
					put(stored, a.Warehouse, r.Exporter, f)
				}
			}
			for _, b := range m.bookings {
				for _, a := range b.Parts {
					for _, d := range slices.Compact(slices.Sorted(slices.Values(a.Departures))) {
						if !b.Cancelled {
							put(reserved, d, b.Exporter, assigned(&a, b.VolumeM3, b.WeightKg))
						}
					}
				}
			}
			for _, held := range []struct {
				name string
				is   tallies
				want map[string]byOwner
			}{{"aboard", m.board.aboard, aboard}, {"stored", m.board.stored, stored}, {"reserved", m.board.reserved, reserved}} {
				for _, name := range []string{"D0", "D1", "D2", "W0", "W1"} {
					is := held.is.of(name)
					assert.Equal(t, held.want[name], is, "%s %s", held.name, name)
					handed, copies = append(handed, is), append(copies, maps.Clone(is))
				}
				assert.Len(t, held.is, len(held.want), "nothing is kept of what is gone")
			}
		}
		assert.Equal(t, copies, handed, "what was handed out stays as it was")
	})
}
