package optimize

import (
	"cmp"
	"math"
	"slices"

	"haihe/planner"
)

// request takes in a request that is new or changed.
func (p *patcher) request(y *planner.Request) error {
	x, in := p.x, p.x.s.in
	z, err := in.newRequest(y)
	if err != nil {
		return err
	}
	r, there := x.requests[y.ID]
	var was []share
	if there {
		was = slices.Clone(x.now.shares[r])
		x.now.clear(r)
		x.leaveNetwork(r)
	} else if n := len(x.free); n > 0 {
		r, x.free = x.free[n-1], x.free[:n-1]
		x.gone[r] = false
		x.now.waitingAt[r] = int32(len(x.now.waiting))
		x.now.waiting = append(x.now.waiting, r)
	} else {
		r = x.extend()
	}
	z.group = groupFor(&z)
	in.requests[r], x.problem.Requests[r], x.requests[y.ID] = z, *y, r
	if x.members[z.network] == nil {
		x.s.networks = nil // there may be one more
	}
	x.members[z.network] = append(x.members[z.network], r)
	x.now.objective += z.value - x.now.cost[r]
	x.now.cost[r] = z.value
	delete(x.reasons, r)
	for _, id := range slices.Clone(x.s.master.of[r]) {
		x.renew(id)
	}
	x.value(r)
	kept := was[:0]
	for _, s := range was {
		if c, ok := x.renewed(&s.column); ok && c.cost < z.value {
			kept = append(kept, share{c, s.fraction})
		}
	}
	x.keep(r, kept)
	p.mark(r)
	return nil
}

// value prices a request exactly, as far as the departures are known whose networks are up to date.
func (x *Session) value(r requestIndex) {
	x.least[r], x.way[r] = x.price(0, r, x.s.in.requests[r].value)
	if q := &x.s.in.requests[r]; len(x.late) > 0 && q.volume == 0 && q.weight == 0 {
		x.least[r] = 0
		x.doubted = append(x.doubted, r)
	} else if w := &x.way[r]; w.legs != nil {
		x.learn(*w)
	}
}

// groupFor is a group of the network's guide that bounds the request: the one that values time most.
func groupFor(r *request) int32 {
	best := int32(ungrouped)
	if r.network.guide == nil || r.volume <= 0 {
		return best
	}
	groups := r.network.guide.groups
	for k := range groups {
		g := &groups[k]
		density := r.weight / r.volume
		if g.hour <= r.timeCostHour/r.volume && g.days <= r.storageFactor/r.volume && g.density <= density && g.carbon <= r.co2Price*density &&
			(best < 0 || g.hour > groups[best].hour) {
			best = int32(k)
		}
	}
	return best
}

// extend makes room for one more request.
func (x *Session) extend() requestIndex {
	r := requestIndex(len(x.gone))
	x.s.in.requests = append(x.s.in.requests, request{network: &network{}})
	x.problem.Requests = append(x.problem.Requests, planner.Request{})
	x.gone, x.least, x.way = append(x.gone, false), append(x.least, 0), append(x.way, column{})
	x.now.shares, x.now.cost = append(x.now.shares, nil), append(x.now.cost, 0)
	x.now.waitingAt = append(x.now.waitingAt, int32(len(x.now.waiting)))
	x.now.waiting = append(x.now.waiting, r)
	m := x.s.master
	m.of, m.members, m.keyRate = append(m.of, nil), append(m.members, nil), append(m.keyRate, 0)
	m.key, m.keyX = append(m.key, leave(r)), append(m.keyX, 1)
	m.basicAt = append(m.basicAt, -1) // the basis is empty, so that all are alike
	return r
}

func (x *Session) leaveNetwork(r requestIndex) {
	n := x.s.in.requests[r].network
	x.members[n] = slices.DeleteFunc(x.members[n], func(o requestIndex) bool { return o == r })
}

func (p *patcher) withdraw(r requestIndex) {
	x, m := p.x, p.x.s.master
	for i := range x.now.shares[r] {
		for _, d := range x.now.shares[r][i].column.legs {
			x.opened = append(x.opened, x.s.in.m3Row(d))
		}
	}
	x.now.clear(r)
	x.now.settle(r)
	x.now.objective -= x.now.cost[r]
	x.now.cost[r] = 0
	x.leaveNetwork(r)
	for _, id := range m.of[r] {
		m.columns[id].request = -1
	}
	m.of[r] = nil
	delete(x.requests, x.problem.Requests[r].ID)
	delete(x.reasons, r)
	x.s.in.requests[r] = request{network: &network{}}
	x.problem.Requests[r] = planner.Request{}
	x.least[r], x.way[r] = 0, column{}
	x.gone[r] = true
	x.free = append(x.free, r)
}

// price finds the cheapest itinerary of a request at the prices of the proof, below a limit. Without one the limit is
// what it costs at least, and the column has no legs.
func (x *Session) price(worker int, r requestIndex, limit float64) (float64, column) {
	q := &x.s.in.requests[r]
	if len(q.network.nodes) == 0 {
		return limit, column{}
	}
	a := ask{request: q, network: q.network, prices: x.prices, limit: limit, guided: true}
	pr := x.s.team.pricers[worker]
	o := pr.find(&a)
	if o.node < 0 {
		return limit, column{}
	}
	return o.cost, pr.column(&a, o, r, q, x.s.team.arena(worker))
}

// Limits of what replace looks at, so that a patch takes its few milliseconds.
const (
	patchSearches = 48   // itineraries looked for, of all requests together
	patchReached  = 1e5  // legs reached in all these searches
	patchParts    = 2    // for one request
	patchSmallest = 0.02 // the least part of a request that is worth an itinerary of its own
)

// replace finds places for what the listed requests have left behind, in the room that is left: those with most to lose
// first, on itineraries known before others are looked for.
func (x *Session) replace(list []requestIndex) {
	in := x.s.in
	type open struct {
		request requestIndex
		loss    float64
	}
	var waiting []open
	for _, r := range list {
		if q := &in.requests[r]; x.now.waitingAt[r] >= 0 {
			waiting = append(waiting, open{r, (q.value - x.least[r]) / max(q.volume, 1e-9)})
		}
	}
	slices.SortStableFunc(waiting, func(a, b open) int { return cmp.Compare(b.loss, a.loss) })
	for _, d := range x.late {
		// Networks do not know what changed, so that the pricer must not use it.
		free := &x.now.room.free[in.m3Row(d)]
		defer func(was float64) { *free += was + 1 }(*free)
		*free = -1
	}
	searches := patchSearches
	x.s.team.pricers[0].reached = 0
	for _, o := range waiting {
		x.settle(o.request, &searches)
	}
	for _, o := range waiting {
		x.touched = append(x.touched, o.request)
	}
}

// settle places what a request has left behind, as far as there is room.
func (x *Session) settle(r requestIndex, searches *int) {
	in, q := x.s.in, &x.s.in.requests[r]
	list := slices.Clone(x.now.shares[r])
	left := 1.0
	for i := range list {
		left -= list[i].fraction
	}
	x.now.clear(r)
	for i := range list {
		x.now.room.place(in, &list[i].column, list[i].fraction)
	}
	put := func(c *column) {
		part := min(left, x.now.room.part(in, c))
		if q.whole && part < 1 || part < min(left, patchSmallest) || c.cost >= q.value {
			return
		}
		x.now.room.place(in, c, part)
		list = addShare(list, c, part)
		left -= part
	}
	ways := slices.Clone(x.s.master.of[r])
	slices.SortStableFunc(ways, func(a, b int32) int {
		return cmp.Compare(x.charged(&x.s.master.columns[a]), x.charged(&x.s.master.columns[b]))
	})
	for _, id := range ways {
		if left <= dust {
			break
		}
		put(&x.s.master.columns[id])
	}
	for tries := 0; left > dust && tries < patchParts && *searches > 0 && x.s.team.pricers[0].reached < patchReached; tries++ {
		*searches--
		before := left
		if c, ok := x.open(r, left); ok {
			c = x.learn(c)
			put(&c)
		}
		if left == before {
			break
		}
	}
	for i := range list {
		x.now.room.remove(in, &list[i].column, list[i].fraction)
	}
	if len(list) > 0 {
		x.now.set(r, list)
	}
}

// open finds the cheapest itinerary with room: for all that is left of a request, or for the smallest part of it.
func (x *Session) open(r requestIndex, left float64) (column, bool) {
	q := &x.s.in.requests[r]
	parts := [...]float64{left, min(left, patchSmallest)}
	if q.whole {
		parts[1] = left
	}
	for _, part := range parts {
		asked := q.part(part)
		a := ask{request: &asked, network: q.network, prices: x.prices, room: x.now.room, weight: 1, limit: asked.value, guided: true}
		if len(q.network.nodes) == 0 || !(asked.value > 0) || math.IsInf(asked.value, 0) {
			return column{}, false
		}
		pr := x.s.team.pricers[0]
		if o := pr.find(&a); o.node >= 0 {
			return pr.column(&a, o, r, q, x.s.team.arena(0)), true
		}
		if part == parts[1] {
			break
		}
	}
	return column{}, false
}
