package optimize

import (
	"cmp"
	"slices"
)

// fit makes shares that may ask for more room than there is into a plan. Where a row is short all who are on it give up
// the same part; then everyone takes, in the order of what there is to lose, what room is left on the itineraries that
// the master knows, the cheapest first at its prices. Shares that fit stay as they are.
func (s *solver) fit(shares [][]share) [][]share {
	in, m := s.in, s.master
	if !m.lazy {
		return shares
	}
	use := make([]float64, len(in.capacity))
	for _, list := range shares {
		for k := range list {
			in.addUse(&list[k].column, list[k].fraction, use)
		}
	}
	short := false
	for i, x := range use {
		short = short || x > in.capacity[i]*(1+2*dust)
	}
	if !short {
		return shares
	}
	cut := make([]float64, len(use)) // by row, what part may stay
	for i, x := range use {
		cut[i] = 1
		if x > in.capacity[i] {
			cut[i] = in.capacity[i] / x
		}
	}
	room := in.newRoom()
	type open struct {
		request requestIndex
		left    float64
		loss    float64
	}
	var waiting []open
	for r, list := range shares {
		left := 1.0
		for k := range list {
			list[k].fraction *= in.least(&list[k].column, cut)
			left -= list[k].fraction
			room.place(in, &list[k].column, list[k].fraction)
		}
		if left > dust {
			q := &in.requests[r]
			waiting = append(waiting, open{requestIndex(r), left, (q.value - m.requestPrice(requestIndex(r))) / max(q.volume, 1e-9)})
		}
	}
	slices.SortStableFunc(waiting, func(a, b open) int { return cmp.Compare(b.loss, a.loss) })
	for _, o := range waiting {
		ways := slices.Clone(m.of[o.request])
		slices.SortStableFunc(ways, func(a, b int32) int { return cmp.Compare(m.charged(a), m.charged(b)) })
		for _, c := range ways {
			col := &m.columns[c]
			if col.cost >= in.requests[o.request].value {
				continue
			}
			x := min(o.left, room.part(in, col))
			if x <= dust {
				continue
			}
			room.place(in, col, x)
			o.left -= x
			shares[o.request] = addShare(shares[o.request], col, x)
			if o.left <= dust {
				break
			}
		}
	}
	for r := range shares {
		shares[r] = slices.DeleteFunc(shares[r], func(x share) bool { return x.fraction <= dust })
	}
	return shares
}

func addShare(list []share, c *column, x float64) []share {
	for k := range list {
		if list[k].column.sameWay(c) {
			list[k].fraction += x
			return list
		}
	}
	return append(list, share{*c, x})
}

// least is the least of by over the rows that a column uses.
func (in *instance) least(c *column, by []float64) float64 {
	t, n := 1.0, len(in.departures)
	for _, d := range c.legs {
		t = min(t, by[d], by[n+int(d)])
	}
	base := int(in.dayRow(c.warehouse, int(c.day)))
	for k := range in.heldFrom(c) {
		t = min(t, by[base+k])
	}
	return t
}

// part is what part of a column there is room for.
func (m *room) part(in *instance, c *column) float64 { return m.partOf(in, c, &in.requests[c.request]) }

// partOf is part of a column of a request that need not be one of the instance's.
func (m *room) partOf(in *instance, c *column, r *request) float64 {
	n := len(in.departures)
	t := 1.0
	some := func(row int, use float64) {
		if use > 0 {
			t = min(t, max(0, m.free[row])/use)
		}
	}
	for _, d := range c.legs {
		some(int(d), r.volume)
		some(n+int(d), r.weight)
	}
	base := int(in.dayRow(c.warehouse, int(c.day)))
	for k, h := range in.heldOf(c, r) {
		some(base+k, r.volume*h)
	}
	return t
}
