package optimize

// room is what is left of every capacity row while requests are placed one by one.
type room struct {
	free []float64 // by row; a hair above what is left, so that an exact fit is one
}

// roomSlack is the share of a capacity that float arithmetic may overstep.
const roomSlack = 1e-9

func (in *instance) newRoom() *room {
	m := &room{free: make([]float64, len(in.capacity))}
	for i, c := range in.capacity {
		m.free[i] = c * (1 + roomSlack)
	}
	return m
}

// takes tells whether the warehouse has room for the whole stay of the request from a day on.
func (m *room) takes(in *instance, w warehouseIndex, r *request, day int) bool {
	base := int(in.dayRow(w, day))
	held := r.held[:min(len(r.held), in.days-day)]
	free := m.free[base : base+len(held)]
	for k, h := range held {
		if free[k] < r.volume*h {
			return false
		}
	}
	return true
}

// share is how much of a request there is room for on a column of it, at most 1.
func (m *room) share(in *instance, c *column, r *request) float64 {
	most := 1.0
	take := func(free, need float64) {
		if need > free {
			most = min(most, free/need)
		}
	}
	for _, d := range c.legs {
		take(m.free[d], r.volume)
		take(m.free[len(in.departures)+int(d)], r.weight)
	}
	base := int(in.dayRow(c.warehouse, int(c.day)))
	for k, h := range r.held[:min(len(r.held), in.days-int(c.day))] {
		take(m.free[base+k], r.volume*h)
	}
	return max(0, most)
}

// fits tells whether all of the column fits.
func (m *room) fits(in *instance, c *column) bool {
	r := &in.requests[c.request]
	for _, d := range c.legs {
		if m.free[d] < r.volume || m.free[len(in.departures)+int(d)] < r.weight {
			return false
		}
	}
	return m.takes(in, c.warehouse, r, int(c.day))
}

func (m *room) place(in *instance, c *column, share float64)  { in.addUse(c, -share, m.free) }
func (m *room) remove(in *instance, c *column, share float64) { in.addUse(c, share, m.free) }
