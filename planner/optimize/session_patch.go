package optimize

import (
	"cmp"
	"slices"

	"haihe/planner"
)

// patcher is one call of Apply.
type patcher struct {
	x       *Session
	changed []departureIndex // run at other times, at other rates or not at all
	rows    []rowIndex       // that have less room
	again   []requestIndex   // whose shares changed, or are to be placed
	seen    map[requestIndex]bool
	most    [2]float64 // that anybody could pay for a m3 and a kg; 0: not known yet
}

func (p *patcher) mark(r requestIndex) {
	if !p.seen[r] {
		p.seen[r] = true
		p.again = append(p.again, r)
	}
}

// room sets the capacity of a row.
func (p *patcher) room(row rowIndex, capacity float64) {
	if capacity < p.x.s.in.capacity[row] {
		p.rows = append(p.rows, row)
	}
	if capacity != p.x.s.in.capacity[row] {
		p.x.setRoom(row, capacity)
	}
}

// unreached is the hour at which a cancelled departure arrives: after all that anybody asks for, and finite, so that zero
// times it is zero.
const unreached = 1e13

func (p *patcher) cancel(d departureIndex) {
	x, in := p.x, p.x.s.in
	x.cancelled[d] = true
	p.room(in.m3Row(d), 0)
	p.room(in.kgRow(d), 0)
	in.departures[d].arrive, in.departures[d].aboard, in.onward[d] = unreached, -1, -1
	x.worsen(d, func(n *network, i int32) {
		n.nodes[i].arrive = unreached
		n.onward[i] = n.leaveFirst[n.nodes[i].to+1]
		n.unlink(i)
		if e := n.next[i]; e >= 0 {
			n.unlink(e)
		}
		if n.guide != nil {
			n.guide.earliest[i] = unreached
		}
	})
	p.changed = append(p.changed, d)
}

// unlink ends the link of a node to the leg before it.
func (n *network) unlink(i int32) {
	if e := n.nodes[i].aboard; e >= 0 {
		n.nodes[i].aboard, n.next[e] = -1, -1
	}
}

// worsen tells the networks of a departure that is now dearer, has less before it, or is gone. Nobody can gain by it, and the
// guides bound what is left all the more, so that only those who went by it need be priced again.
func (x *Session) worsen(d departureIndex, change func(n *network, i int32)) {
	at := x.knownOf(d).depart
	for n := range x.members {
		if i := n.indexAt(d, at); i >= 0 {
			change(n, i)
		}
	}
	x.struck = append(x.struck, d)
}

// dearer tells whether a departure costs more, or as much, and is else what it was.
func dearer(was, now *planner.Departure) bool {
	return was.Cutoff.Equal(now.Cutoff) && was.Depart.Equal(now.Depart) && was.Arrive.Equal(now.Arrive) &&
		was.Rate.Per == now.Rate.Per && was.Rate.KgPerM3 == now.Rate.KgPerM3 && was.Rate.Amount <= now.Rate.Amount && was.CO2eKgPerT <= now.CO2eKgPerT
}

func (p *patcher) departure(y *planner.Departure) {
	x, in := p.x, p.x.s.in
	d := x.departures[y.ID]
	was := &x.problem.Departures[d]
	z := &in.departures[d]
	switch {
	case x.cancelled[d] || !samePlan(was, y) && (!dearer(was, y) || slices.Contains(x.late, d)):
		p.hold(d)
		z.cutoff, z.depart, z.arrive = in.hours(y.Cutoff), in.hours(y.Depart), in.hours(y.Arrive)
		z.perKg, z.amount, z.kgPerM3, z.co2 = y.Rate.Per == planner.PerKg, y.Rate.Amount, y.Rate.KgPerM3, y.CO2eKgPerT/1e6
		in.reorder(d)
		x.cancelled[d] = false
		p.changed = append(p.changed, d)
	case !samePlan(was, y):
		z.amount, z.co2 = y.Rate.Amount, y.CO2eKgPerT/1e6
		x.worsen(d, func(n *network, i int32) { n.nodes[i].amount, n.nodes[i].co2 = z.amount, z.co2 })
		p.changed = append(p.changed, d)
	}
	*was = *y
	p.room(in.m3Row(d), y.CapacityM3)
	p.room(in.kgRow(d), y.CapacityKg)
}

// reorder puts a departure where its hour belongs.
func (in *instance) reorder(d departureIndex) {
	in.order = slices.Delete(in.order, slices.Index(in.order, d), slices.Index(in.order, d)+1)
	k, _ := slices.BinarySearchFunc(in.order, d, func(a, b departureIndex) int {
		return cmp.Or(cmp.Compare(in.departures[a].depart, in.departures[b].depart), cmp.Compare(a, b))
	})
	in.order = slices.Insert(in.order, k, d)
}

// hold prices a departure so that nobody would use it, until its networks know what changed: what itineraries cost at least
// without it then still proves a bound.
func (p *patcher) hold(d departureIndex) {
	x, in := p.x, p.x.s.in
	if slices.Contains(x.late, d) {
		return
	}
	x.late = append(x.late, d)
	x.held = append(x.held, heldPrice{d, x.prices.row[in.m3Row(d)], x.prices.row[in.kgRow(d)], in.departures[d]})
	if p.most == [2]float64{} {
		_, p.most = x.s.master.usualPrices()
		for r := range in.requests {
			if q := &in.requests[r]; q.volume == 0 && q.weight == 0 { // whom no price keeps off
				x.least[r] = 0
				x.doubted = append(x.doubted, requestIndex(r))
			}
		}
	}
	x.prices.row[in.m3Row(d)], x.prices.row[in.kgRow(d)] = 2*p.most[0], 2*p.most[1]
}

// links finds which legs now keep cargo aboard. Those for whom that changed are changed too.
func (p *patcher) links() {
	x, in := p.x, p.x.s.in
	seen := map[string]bool{}
	for _, d := range slices.Clone(p.changed) {
		voyage := x.problem.Departures[d].Voyage
		if voyage == "" || seen[voyage] {
			continue
		}
		seen[voyage] = true
		legs := slices.DeleteFunc(slices.Clone(x.voyages[voyage]), func(d departureIndex) bool { return x.cancelled[d] })
		slices.SortStableFunc(legs, func(a, b departureIndex) int { return cmp.Compare(in.departures[a].depart, in.departures[b].depart) })
		for k, e := range legs {
			aboard := departureIndex(-1)
			if k > 0 && in.departures[legs[k-1]].to == in.departures[e].from && in.departures[legs[k-1]].arrive <= in.departures[e].depart {
				aboard = legs[k-1]
			}
			if in.departures[e].aboard != aboard {
				if aboard >= 0 || slices.Contains(x.late, e) {
					p.hold(e)
				} else {
					x.worsen(e, func(n *network, i int32) { n.unlink(i) })
				}
				in.departures[e].aboard = aboard
				if !slices.Contains(p.changed, e) {
					p.changed = append(p.changed, e)
				}
			}
			in.onward[e] = -1
		}
		for _, e := range legs {
			if a := in.departures[e].aboard; a >= 0 {
				in.onward[a] = e
			}
		}
	}
}

// rerun brings columns and shares in line with the departures that changed. Who can no longer go as planned is taken off.
func (p *patcher) rerun() {
	x := p.x
	if len(p.changed) == 0 {
		return
	}
	p.links()
	x.s.in.timetables = &timetables{of: map[kindKey]*timetable{}} // of the times before
	lists := map[requestIndex][]share{}
	var order []requestIndex
	for _, d := range p.changed {
		for _, r := range slices.Clone(x.now.onBoard[d]) {
			if _, ok := lists[r]; !ok {
				lists[r] = slices.Clone(x.now.shares[r])
				order = append(order, r)
				x.now.clear(r)
			}
		}
	}
	for _, d := range p.changed {
		for _, id := range x.through[d] {
			x.renew(id)
		}
		if !x.cancelled[d] {
			x.opened = append(x.opened, x.s.in.m3Row(d))
		}
	}
	x.forget(p.changed)
	for _, r := range order {
		kept := lists[r][:0]
		for _, s := range lists[r] {
			if c, ok := x.renewed(&s.column); ok && c.cost < x.s.in.requests[r].value {
				kept = append(kept, share{c, s.fraction})
			}
		}
		x.keep(r, kept)
		p.mark(r)
	}
}

// forget drops the reasons that name a departure that changed.
func (x *Session) forget(changed []departureIndex) {
	if len(changed) == 0 {
		return
	}
	ids := map[string]bool{}
	for _, d := range changed {
		ids[x.problem.Departures[d].ID] = true
	}
	for r, k := range x.reasons {
		if ids[k.reason.Departure] {
			delete(x.reasons, r)
		}
	}
}

// renew brings a known column in line with times and rates, or takes it off those known.
func (x *Session) renew(id int32) {
	m := x.s.master
	c := &m.columns[id]
	if c.request < 0 {
		return
	}
	y, ok := x.renewed(c)
	list := m.of[c.request]
	k := slices.Index(list, id)
	switch {
	case ok:
		*c = y
		if k < 0 {
			m.of[c.request] = append(list, id)
		}
	case k >= 0:
		m.of[c.request] = slices.Delete(list, k, k+1)
	}
}

// keep gives a request, which must have none, as much of its shares as there is room for.
func (x *Session) keep(r requestIndex, list []share) {
	in := x.s.in
	kept := make([]share, 0, len(list))
	for _, s := range list {
		part := min(s.fraction, x.now.room.part(in, &s.column))
		if in.requests[r].whole {
			part = 0
			if s.fraction > 1-1e-6 && x.now.room.fits(in, &s.column) {
				part = 1
			}
		}
		if part > dust {
			x.now.room.place(in, &s.column, part)
			kept = append(kept, share{s.column, part})
		}
	}
	for i := range kept {
		x.now.room.remove(in, &kept[i].column, kept[i].fraction)
	}
	if len(kept) > 0 {
		x.now.set(r, kept)
	}
}

func (p *patcher) warehouse(y *planner.Warehouse) {
	x, in := p.x, p.x.s.in
	w := x.warehouses[y.ID]
	x.problem.Warehouses[w] = *y
	for d := range in.days {
		p.room(in.dayRow(w, d), y.CapacityM3.At(d))
	}
}

// occupant is a share on a row that is overfull.
type occupant struct {
	column *column
	use    float64 // of the row, by all of the request
	loss   float64 // for each unit of the row
}

// relieve takes cargo off rows that hold more than they can, first those who lose least for the room that they give.
func (p *patcher) relieve() {
	x := p.x
	for _, row := range p.rows {
		if !x.full(row) {
			continue
		}
		for _, o := range x.occupants(row) {
			if !x.full(row) {
				break
			}
			r := o.column.request
			list := slices.Clone(x.now.shares[r])
			k := slices.IndexFunc(list, func(s share) bool { return s.column.sameWay(o.column) })
			part := min(list[k].fraction, -x.now.room.free[row]/o.use*(1+1e-9)+dust)
			if list[k].fraction-part <= dust || x.s.in.requests[r].whole {
				part = list[k].fraction
			}
			if list[k].fraction -= part; list[k].fraction <= 0 {
				list = slices.Delete(list, k, k+1)
			}
			x.now.clear(r)
			if len(list) > 0 {
				x.now.set(r, list)
			}
			p.mark(r)
		}
	}
}

// occupants are the shares on a row, in the order in which they are to give way.
func (x *Session) occupants(row rowIndex) []occupant {
	in, m := x.s.in, x.s.master
	var who []requestIndex
	if n := len(in.departures); int(row) < 2*n {
		who = slices.Clone(x.now.onBoard[int(row)%n])
	} else {
		who = slices.Clone(x.now.inside[(int(row)-2*n)/in.days])
	}
	slices.Sort(who)
	list := make([]occupant, 0, len(who))
	for _, r := range slices.Compact(who) {
		other := -1.0
		for k := range x.now.shares[r] {
			c := &x.now.shares[r][k].column
			use := in.useOf(c, row)
			if use <= 0 {
				continue
			}
			if other < 0 {
				other = in.requests[r].value
				for _, id := range m.of[r] {
					if y := &m.columns[id]; y.cost < other && in.useOf(y, row) == 0 {
						other = min(other, x.charged(y))
					}
				}
			}
			own := *c // what stands in shares moves
			list = append(list, occupant{&own, use, (other - x.charged(c)) / use})
		}
	}
	slices.SortStableFunc(list, func(a, b occupant) int { return cmp.Compare(a.loss, b.loss) })
	return list
}

// charged is the cost of a column with the prices of the proof, which must be summed.
func (x *Session) charged(c *column) float64 {
	in := x.s.in
	n, r, row := len(in.departures), &in.requests[c.request], x.prices.row
	t := 0.0
	for _, d := range c.legs {
		t += row[d]*r.volume + row[n+int(d)]*r.weight
	}
	return c.cost + t + r.volume*x.prices.stay(in, c.warehouse, r, int(c.day))
}
