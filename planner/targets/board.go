package targets

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"haihe/planner"
)

// Ids of targets.
const (
	Firms        = "firms"         // that run an overseas warehouse
	AreaM2       = "area_m2"       // of all of them
	TurnedPublic = "turned_public" // warehouses once for their owner alone
	PublicUse    = "public_use"    // share of the room of public warehouses that is no longer free
)

// IDs lists them in their order.
var IDs = []string{Firms, AreaM2, TurnedPublic, PublicUse}

// Due is when the city's targets are to be met.
var Due = time.Date(2027, 12, 31, 16, 0, 0, 0, time.UTC) // midnight in Tianjin

var goals = map[string]float64{Firms: 70, AreaM2: 600_000}

// Target is one figure of the board.
type Target struct {
	ID       string  `json:"id" enum:"firms,area_m2,turned_public,public_use"`
	Value    float64 `json:"value"`
	Goal     float64 `json:"goal,omitempty" doc:"For the end of 2027; left out where the plan names none"`
	Expected float64 `json:"expected,omitempty" doc:"By now, on a straight line from the first day that is known to the goal"`
	Late     bool    `json:"late" doc:"Less than expected by now"`
	PerMonth float64 `json:"per_month,omitempty" doc:"What each month until then has to bring"`
	Left     float64 `json:"left,omitempty" doc:"Of turned_public: warehouses that are still for their owner alone"`
	Trend    []Point `json:"trend" doc:"A value a day, the last is of now"`
}

// Point is a figure at a time.
type Point struct {
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
}

// Source is an event behind a figure, and what it adds.
type Source struct {
	Warehouse string    `json:"warehouse"`
	Operator  string    `json:"operator,omitempty"`
	Value     float64   `json:"value" doc:"Of public_use: m3 no longer free"`
	Of        float64   `json:"of,omitempty" doc:"Of public_use: m3 of room"`
	Event     string    `json:"event" doc:"ce_id of the record in the log"`
	Source    string    `json:"source" doc:"Who said it: its ce_source"`
	Type      string    `json:"type"`
	At        time.Time `json:"at"`
	Sequence  uint64    `json:"sequence"`
}

// maxPoints bounds a trend; a longer one has a point every so many days.
const maxPoints = 400

// Board returns every target as of now.
func (h *History) Board(now time.Time) []Target {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]Target, len(IDs))
	for i, id := range IDs {
		t := &list[i]
		t.ID, t.Goal, t.Trend = id, goals[id], []Point{}
	}
	for _, moment := range h.moments(now) {
		values := h.figures(moment)
		for i := range list {
			list[i].Trend = append(list[i].Trend, Point{moment, values[list[i].ID]})
		}
	}
	for i := range list {
		t := &list[i]
		if n := len(t.Trend); n > 0 {
			t.Value = t.Trend[n-1].Value
		}
		if t.ID == TurnedPublic {
			for _, r := range h.registrations {
				if x := at(r, now); x != nil && !x.fact.Public {
					t.Left++
				}
			}
		}
		t.judge(now)
	}
	return list
}

// judge says how the value stands to the goal.
func (t *Target) judge(now time.Time) {
	if t.Goal == 0 || len(t.Trend) == 0 {
		return
	}
	first := t.Trend[0]
	if way := Due.Sub(first.At); way > 0 {
		share := min(1, float64(now.Sub(first.At))/float64(way))
		t.Expected = first.Value + (t.Goal-first.Value)*share
	} else {
		t.Expected = t.Goal
	}
	t.Late = t.Value < t.Expected*(1-1e-9) && t.Value < t.Goal
	if months := Due.Sub(now).Hours() / 24 / 30.44; months > 0 && t.Value < t.Goal {
		t.PerMonth = (t.Goal - t.Value) / max(months, 1)
	}
}

// moments are the ends of the days from the first registration on, and now.
func (h *History) moments(now time.Time) []time.Time {
	first := now
	for _, list := range h.registrations {
		for _, r := range list {
			if r.event.Time.Before(first) {
				first = r.event.Time
			}
		}
	}
	if len(h.registrations) == 0 {
		return nil
	}
	step := day * time.Duration(1+int(now.Sub(first)/day)/maxPoints)
	var list []time.Time
	for t := first.Truncate(day).Add(day); t.Before(now); t = t.Add(step) {
		list = append(list, t)
	}
	return append(list, now)
}

func (h *History) figures(t time.Time) map[string]float64 {
	firms := map[string]bool{}
	values := map[string]float64{}
	free, room := 0.0, 0.0
	for id, list := range h.registrations {
		r := at(list, t)
		if r == nil {
			continue
		}
		if r.fact.Operator != "" {
			firms[r.fact.Operator] = true
		}
		values[AreaM2] += r.fact.AreaM2
		if turned(list, t) != nil {
			values[TurnedPublic]++
		}
		if used, of, _ := use(r, reported(h.reports[id], t)); of > 0 {
			free, room = free+of-used, room+of
		}
	}
	values[Firms] = float64(len(firms))
	if room > 0 {
		values[PublicUse] = 1 - free/room
	}
	return values
}

// turned returns the registration by which a warehouse that is public became so, nil if it always was.
func turned(list []registration, t time.Time) *registration {
	var by *registration
	for i := range list {
		r := &list[i]
		if r.event.Time.After(t) {
			break
		}
		switch {
		case !r.fact.Public:
			by = nil
		case i > 0 && !list[i-1].fact.Public:
			by = r
		}
	}
	return by
}

// use is how much of the room of a public warehouse is no longer free, and the event that says so.
func use(r *registration, last *report) (used, room float64, by planner.Event) {
	room = roomOf(r.fact)
	if !r.fact.Public || room <= 0 {
		return 0, 0, r.event
	}
	if last == nil {
		return 0, room, r.event
	}
	return min(max(room-last.free, 0), room), room, last.event
}

// Sources returns the events behind a figure of now, the largest contribution first; false for an id that is none.
func (h *History) Sources(id string, now time.Time) ([]Source, bool) {
	if !slices.Contains(IDs, id) {
		return nil, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []Source{}
	seen := map[string]int{} // firms
	for _, w := range slices.Sorted(maps.Keys(h.registrations)) {
		r := at(h.registrations[w], now)
		if r == nil {
			continue
		}
		say := func(e planner.Event, typ string, value, of float64) Source {
			return Source{w, r.fact.Operator, value, of, e.ID, e.Source, typ, e.Time, e.Sequence}
		}
		const registered = "WarehouseRegistered"
		switch id {
		case Firms:
			// A firm counts by the first of its warehouses.
			k, known := seen[r.fact.Operator]
			switch {
			case r.fact.Operator == "":
			case !known:
				seen[r.fact.Operator] = len(list)
				list = append(list, say(r.event, registered, 1, 0))
			case r.event.Time.Before(list[k].At):
				list[k] = say(r.event, registered, 1, 0)
			}
		case AreaM2:
			list = append(list, say(r.event, registered, r.fact.AreaM2, 0))
		case TurnedPublic:
			if by := turned(h.registrations[w], now); by != nil {
				list = append(list, say(by.event, registered, 1, 0))
			}
		case PublicUse:
			last := reported(h.reports[w], now)
			used, room, by := use(r, last)
			if room > 0 {
				typ := registered
				if last != nil {
					typ = "OccupancyReported"
				}
				list = append(list, say(by, typ, used, room))
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Source) int { return cmp.Compare(b.Value, a.Value) })
	return list, true
}
