package geo

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/paulmach/orb"

	"haihe/geo/internal/chart"
)

//go:embed passages.csv
var passageCSV []byte

// Passage is a strait, canal or cape that a way by sea may take, and that can be shut.
type Passage struct {
	ID     string // "malacca", as in Route.Via
	Kind   string // "strait", "canal" or "cape"
	NameZH string
	NameEN string
	Point  orb.Point // to show it at
	Shut   bool      // taken by no ship unless asked for: the Arctic passages
	Source string    // what describes its limits or its fairway
}

type passages struct {
	list []chart.Passage
	byID map[string]int
	shut closure // what is shut unless asked for
}

// closure is a set of passages: bit n is the n-th row of passages.csv.
type closure = uint64

var passageTable = sync.OnceValue(func() *passages {
	list, err := chart.Passages(passageCSV)
	if err != nil {
		panic("geo: " + err.Error())
	}
	t := &passages{list: list, byID: map[string]int{}}
	for i, p := range list {
		t.byID[p.ID] = i
		if p.Shut {
			t.shut |= 1 << i
		}
	}
	return t
})

func (t *passages) passage(i int) Passage {
	p := t.list[i]
	return Passage{p.ID, p.Kind, p.NameZH, p.NameEN, p.Point, p.Shut, p.Source}
}

// Passages lists the passages in the order of passages.csv.
func Passages() []Passage {
	t := passageTable()
	list := make([]Passage, len(t.list))
	for i := range list {
		list[i] = t.passage(i)
	}
	return list
}

// PassageByID finds a passage.
func PassageByID(id string) (Passage, bool) {
	t := passageTable()
	i, ok := t.byID[id]
	if !ok {
		return Passage{}, false
	}
	return t.passage(i), true
}

// set is the closure of some ids. It fails on an id that is no passage, and says which there are.
func (t *passages) set(ids []string) (closure, error) {
	var c closure
	for _, id := range ids {
		i, ok := t.byID[id]
		if !ok {
			known := make([]string, 0, len(t.byID))
			for id := range t.byID {
				known = append(known, id)
			}
			slices.Sort(known)
			return 0, fmt.Errorf("%q is no passage; there are %s", id, strings.Join(known, ", "))
		}
		c |= 1 << i
	}
	return c, nil
}
