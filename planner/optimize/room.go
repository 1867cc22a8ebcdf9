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
