package optimize

import (
	"cmp"
	"math"
	"slices"
)

// inserter finds out what it would cost a plan to take one more request: in the room that is left, or where others make
// way and are placed again. What it finds is a plan, so its answers are true, but there may be a cheaper one.
type inserter struct {
	in      *instance
	prices  *prices
	room    *room // what the plan leaves; it is as it was after every question
	empty   *room // all there is
	shares  [][]share
	goes    places // who goes where
	pool    *master
	pr      *pricer
	arena   []departureIndex
	changes []change
	moved   []requestIndex

	work, most float64 // what it took, in something like ns, and at which no new question is begun
}

// change is a row as it was before.
type change struct {
	row  rowIndex
	free float64
}

const (
	insertWays  = 3 // itineraries that are tried for the request
	insertMoves = 5 // who make way for one of them
	insertAsked = 5 // who are asked to make way where a row is short
)

// copyFor is for another goroutine.
func (x *inserter) copyFor(pr *pricer) *inserter {
	y := *x
	y.pr, y.room = pr, &room{free: slices.Clone(x.room.free)}
	y.changes, y.moved, y.arena = nil, nil, nil
	return &y
}

// cost is what the plan costs more, without the value of the request, when it takes the given part of it, which it does
// not send yet; and whether others must make way for it. Nothing at limit or above is looked for.
func (x *inserter) cost(id requestIndex, r *request, part, limit float64) (cost float64, others, found bool) {
	piece := *r
	if part < 1 {
		piece = r.part(part)
	}
	best := limit
	var ways []column
	consider := func(y *prices, m *room) {
		a := ask{request: &piece, network: r.network, prices: y, room: m, weight: 1, limit: math.Inf(1)}
		if m == x.room {
			a.limit = best
		}
		if o := x.find(&a); o.node >= 0 {
			c := x.pr.column(&a, o, id, r, &x.arena)
			ways = append(ways, c)
			if m == x.room && c.cost*part < best {
				best, found = c.cost*part, true
			}
		}
	}
	x.arena = x.arena[:0:0]
	consider(nil, x.room)
	consider(nil, x.empty)
	consider(x.prices, x.empty)
	for _, k := range x.pool.of[id] {
		if c := &x.pool.columns[k]; !c.banned {
			ways = append(ways, *c)
		}
	}
	slices.SortStableFunc(ways, func(a, b column) int {
		return cmp.Compare(a.cost+x.in.priceOf(&a, x.prices.row), b.cost+x.in.priceOf(&b, x.prices.row))
	})
	tried := 0
	for k := range ways {
		if ways[k].cost*part >= best || k > 0 && ways[k].sameWay(&ways[k-1]) {
			continue
		}
		if tried++; tried > insertWays {
			break
		}
		if more, ok := x.makeWay(id, &ways[k], part, best-ways[k].cost*part); ok {
			best, others, found = ways[k].cost*part+more, len(x.moved) > 1, true
		}
		x.undo()
	}
	return best, others, found
}

// makeWay puts part of a request on a column and moves others until every row holds it. It returns what they cost more,
// if that is less than limit.
func (x *inserter) makeWay(id requestIndex, c *column, part, limit float64) (float64, bool) {
	x.take(c, part)
	x.moved = append(x.moved[:0], id)
	cost := 0.0
	for range insertMoves {
		row, short, ok := x.short(c)
		if !ok {
			return cost, true
		}
		more, ok := x.relieve(row, short, limit-cost)
		if !ok {
			return 0, false
		}
		cost += more
	}
	_, _, over := x.short(c)
	return cost, !over
}

// short is a row of the column that is over its room, and by how much.
func (x *inserter) short(c *column) (rowIndex, float64, bool) {
	for _, d := range c.legs {
		for _, row := range [2]rowIndex{x.in.m3Row(d), x.in.kgRow(d)} {
			if x.over(row) {
				return row, -x.room.free[row], true
			}
		}
	}
	base := x.in.dayRow(c.warehouse, int(c.day))
	for k := range x.in.heldFrom(c) {
		if row := base + rowIndex(k); x.over(row) {
			return row, -x.room.free[row], true
		}
	}
	return 0, 0, false
}

func (x *inserter) over(row rowIndex) bool { return x.room.free[row] < -roomSlack/x.in.scale[row] }

// relieve takes whoever loses least off a row: as much of him as is needed if he may be split, else all, to be placed
// again.
func (x *inserter) relieve(row rowIndex, short, limit float64) (float64, bool) {
	in := x.in
	type loser struct {
		request requestIndex
		share   int
		use     float64 // of the row, by all of the share
		loss    float64 // at the most, for each unit of what is short that he gives
	}
	var losers []loser
	for _, r := range x.goes.at(in, row) {
		if slices.Contains(x.moved, r) {
			continue
		}
		for k := range x.shares[r] {
			s := &x.shares[r][k]
			if use := in.useOf(&s.column, row) * s.fraction; use > 1e-12 {
				most := s.fraction * (in.requests[r].value - s.column.cost)
				losers = append(losers, loser{r, k, use, most / min(use, short)})
			}
		}
	}
	slices.SortStableFunc(losers, func(a, b loser) int { return cmp.Compare(a.loss, b.loss) })
	best, least, gives := -1, math.Inf(1), 0.0
	for k := range losers[:min(insertAsked, len(losers))] {
		l := &losers[k]
		loss := x.loss(l.request, l.share, min(1, short/l.use))
		given := min(l.use, short)
		if loss/given < least {
			best, least, gives = k, loss/given, given
		}
	}
	if best < 0 || least*gives >= limit {
		return 0, false
	}
	l := &losers[best]
	x.moved = append(x.moved, l.request)
	return x.move(l.request, l.share, min(1, short/l.use)), true
}

// loss is what it would cost to take a part of a share away and place it again.
func (x *inserter) loss(r requestIndex, share int, part float64) float64 {
	mark := len(x.changes)
	loss := x.move(r, share, part)
	x.undoTo(mark)
	return loss
}

// move takes a part of a share away, all of it where the request must go whole, and places it again in the room that is
// left. It returns what that costs.
func (x *inserter) move(id requestIndex, share int, part float64) float64 {
	r, s := &x.in.requests[id], &x.shares[id][share]
	if r.whole {
		part = 1
	}
	part *= s.fraction
	x.take(&s.column, -part)
	piece := *r
	if part < 1 {
		piece = r.part(part)
	}
	var arena []departureIndex
	a := ask{request: &piece, network: r.network, room: x.room, weight: 1, limit: piece.value}
	if o := x.find(&a); o.node >= 0 {
		c := x.pr.column(&a, o, id, r, &arena)
		if x.fits(&c, part) {
			x.take(&c, part)
			return part * (c.cost - s.column.cost)
		}
	}
	return part * (r.value - s.column.cost)
}

// find asks the pricer, with guides that hold at any prices, and counts that as work.
func (x *inserter) find(a *ask) offer {
	a.guided = true
	x.work += 5000 + 5*float64(len(a.network.nodes))
	return x.pr.find(a)
}

func (x *inserter) fits(c *column, part float64) bool {
	return x.room.part(x.in, c) >= part*(1-1e-9)
}

// take takes part of a column off the room.
func (x *inserter) take(c *column, part float64) {
	r := &x.in.requests[c.request]
	take := func(row rowIndex, use float64) {
		if use != 0 {
			x.changes = append(x.changes, change{row, x.room.free[row]})
			x.room.free[row] -= use * part
		}
	}
	for _, d := range c.legs {
		take(x.in.m3Row(d), r.volume)
		take(x.in.kgRow(d), r.weight)
	}
	base := x.in.dayRow(c.warehouse, int(c.day))
	for k, h := range x.in.heldFrom(c) {
		take(base+rowIndex(k), r.volume*h)
	}
}

func (x *inserter) undo() { x.undoTo(0) }

func (x *inserter) undoTo(mark int) {
	for k := len(x.changes) - 1; k >= mark; k-- {
		x.room.free[x.changes[k].row] = x.changes[k].free
	}
	x.changes = x.changes[:mark]
}
