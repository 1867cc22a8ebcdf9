package optimize

import "slices"

// packing is a plan being searched: which parts of each request go by which columns, what room is left, and who
// uses each departure and warehouse.
type packing struct {
	in        *instance
	room      *room
	shares    [][]share
	cost      []float64 // by request: its shares, and its value for what stays behind
	objective float64
	onBoard   [][]requestIndex // by departure
	inside    [][]requestIndex // by warehouse
	waiting   []requestIndex   // with something left behind
	waitingAt []int32          // by request, its place in waiting, or -1
}

func newPacking(in *instance) *packing {
	n := len(in.requests)
	p := &packing{in: in, room: in.newRoom(), shares: make([][]share, n), cost: make([]float64, n), onBoard: make([][]requestIndex, len(in.departures)),
		inside: make([][]requestIndex, len(in.warehouses)), waitingAt: make([]int32, n)}
	for r := range in.requests {
		p.cost[r] = in.requests[r].value
		p.objective += p.cost[r]
		p.waitingAt[r] = int32(r)
		p.waiting = append(p.waiting, requestIndex(r))
	}
	return p
}

func (p *packing) clone() *packing {
	q := &packing{in: p.in, room: &room{free: slices.Clone(p.room.free)}, shares: make([][]share, len(p.shares)), cost: slices.Clone(p.cost), objective: p.objective,
		onBoard: make([][]requestIndex, len(p.onBoard)), inside: make([][]requestIndex, len(p.inside)), waiting: slices.Clone(p.waiting), waitingAt: slices.Clone(p.waitingAt)}
	for r := range p.shares {
		q.shares[r] = slices.Clone(p.shares[r])
	}
	for d := range p.onBoard {
		q.onBoard[d] = slices.Clone(p.onBoard[d])
	}
	for w := range p.inside {
		q.inside[w] = slices.Clone(p.inside[w])
	}
	return q
}

// set gives a request, which must have none, its shares.
func (p *packing) set(r requestIndex, list []share) {
	value := p.in.requests[r].value
	left, cost := 1.0, 0.0
	for i := range list {
		c := &list[i].column
		p.room.place(p.in, c, list[i].fraction)
		left -= list[i].fraction
		cost += list[i].fraction * c.cost
		for _, d := range c.legs {
			p.onBoard[d] = append(p.onBoard[d], r)
		}
		p.inside[c.warehouse] = append(p.inside[c.warehouse], r)
	}
	if left < roomSlack {
		left = 0
		p.settle(r)
	}
	p.shares[r] = append(p.shares[r][:0], list...)
	p.objective += cost + left*value - p.cost[r]
	p.cost[r] = cost + left*value
}

// clear takes a request out of the plan.
func (p *packing) clear(r requestIndex) {
	for i := range p.shares[r] {
		c := &p.shares[r][i].column
		p.room.remove(p.in, c, p.shares[r][i].fraction)
		for _, d := range c.legs {
			p.onBoard[d] = without(p.onBoard[d], r)
		}
		p.inside[c.warehouse] = without(p.inside[c.warehouse], r)
	}
	value := p.in.requests[r].value
	p.objective += value - p.cost[r]
	p.cost[r] = value
	p.shares[r] = p.shares[r][:0]
	if p.waitingAt[r] < 0 {
		p.waitingAt[r] = int32(len(p.waiting))
		p.waiting = append(p.waiting, r)
	}
}

// settle takes a request off the list of those that wait.
func (p *packing) settle(r requestIndex) {
	k := p.waitingAt[r]
	if k < 0 {
		return
	}
	last := p.waiting[len(p.waiting)-1]
	p.waiting[k] = last
	p.waitingAt[last] = k
	p.waiting = p.waiting[:len(p.waiting)-1]
	p.waitingAt[r] = -1
}

func without(list []requestIndex, r requestIndex) []requestIndex {
	k := slices.Index(list, r)
	last := len(list) - 1
	list[k] = list[last]
	return list[:last]
}
