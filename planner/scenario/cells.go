package scenario

import (
	"cmp"
	"maps"
	"slices"
)

// Least is the number of owners that a figure must sum over to be told.
const Least = 3

// Pair is a figure without and with the changes.
type Pair struct {
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// Change is by how much more it is.
func (p Pair) Change() float64 { return p.After - p.Before }

// owners are the exporters whose cargo a row is made of, in either plan.
type owners map[string]bool

// withhold returns the rows whose figures are not told: those of fewer than Least owners and, as the sum over all rows is
// known, so many of the next smallest that what is withheld together is of Least owners too. Rows without owners
// hold no figure of anybody.
func withhold(rows map[string]owners) map[string]bool {
	names := slices.SortedFunc(maps.Keys(rows), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(rows[a]), len(rows[b])), cmp.Compare(a, b))
	})
	hidden := map[string]bool{}
	together := owners{}
	for _, name := range names {
		n := len(rows[name])
		if n == 0 {
			continue
		}
		if n >= Least && (len(hidden) == 0 || len(hidden) > 1 && len(together) >= Least) {
			break
		}
		hidden[name] = true
		maps.Copy(together, rows[name])
	}
	return hidden
}

// counted returns a count of owners, nil where it tells of fewer than Least of them.
func counted(n int) *int {
	if n > 0 && n < Least {
		return nil
	}
	return &n
}
