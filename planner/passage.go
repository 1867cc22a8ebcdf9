package planner

import (
	"slices"
	"strings"
	"sync"
	"time"

	"haihe/geo"
)

// Passage is a strait or a canal that ships may find shut.
type Passage struct {
	ID     string  `json:"id"` // as in geo.Route.Via
	NameZH string  `json:"name_zh"`
	NameEN string  `json:"name_en"`
	Lat    float64 `json:"lat"`
	Lon    float64 `json:"lon"`
}

// PassageStatus is a passage as it stands. It may be Closed only from Since, or until Until.
type PassageStatus struct {
	Passage
	Closed bool       `json:"closed"`
	Reason string     `json:"reason,omitempty"`
	Since  *time.Time `json:"since,omitempty"` // while it is closed
	Until  *time.Time `json:"until,omitempty"` // where the end is known
}

// Passages lists what can be shut, sorted by id; what no ship takes anyway is not among it. What geo routes through is known to geo alone; this is the one
// place that asks it.
func Passages() []Passage { return slices.Clone(passages()) }

var passages = sync.OnceValue(func() []Passage {
	var list []Passage
	for _, w := range geo.Passages() {
		if !w.Shut && w.Kind != "cape" {
			list = append(list, Passage{w.ID, w.NameZH, w.NameEN, w.Point.Lat(), w.Point.Lon()})
		}
	}
	slices.SortFunc(list, func(a, b Passage) int { return strings.Compare(a.ID, b.ID) })
	return list
})

func passageByID(id string) (Passage, bool) {
	list := passages()
	i, ok := slices.BinarySearchFunc(list, id, func(p Passage, id string) int { return strings.Compare(p.ID, id) })
	if !ok {
		return Passage{}, false
	}
	return list[i], true
}

// PassagesOf returns those of a way's named points that can be shut, in their order.
func PassagesOf(via []string) []string {
	return slices.DeleteFunc(slices.Clone(via), func(id string) bool { _, ok := passageByID(id); return !ok })
}

// passage wants the id of one that is known.
func (fe *fieldErrors) passage(field, id string) {
	if _, ok := passageByID(id); ok {
		return
	}
	known := make([]string, 0, len(passages()))
	for _, p := range passages() {
		known = append(known, p.ID)
	}
	fe.add(field, "must be the id of a strait or canal, got %s; known are %s", short(id), strings.Join(known, ", "))
}
