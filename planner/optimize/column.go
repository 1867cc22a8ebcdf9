package optimize

import "slices"

import "gonum.org/v1/gonum/floats"

// column is one itinerary of one request, with what all of the request would cost on it. The room that it uses is
// not stored: it follows from the legs, the warehouse, the day and the request.
type column struct {
	request   requestIndex
	warehouse warehouseIndex
	gate      int32
	day       int32 // of arrival
	legs      []departureIndex
	cost      float64
	arrive    float64 // hours
	banned    bool    // its request must go whole and could not, even with all room free
}

// newColumn computes cost and arrival of an itinerary. rateM3 is the rate of gateway, taking in and last mile.
func (in *instance) newColumn(id requestIndex, r *request, legs []departureIndex, w warehouseIndex, g int32, rateM3 float64) column {
	c := column{request: id, warehouse: w, gate: g, legs: legs}
	for k, l := range legs {
		d := &in.departures[l]
		c.cost += legCost(r, d)
		if k > 0 && d.aboard != legs[k-1] {
			c.cost += in.transferCostM3[d.from] * r.volume
		}
	}
	wh := &in.warehouses[w]
	c.arrive = in.departures[legs[len(legs)-1]].arrive + wh.gates[g].hours
	c.day = int32(day(c.arrive))
	c.cost += r.volume*rateM3 + wh.storage.of(r) + r.timeCostHour*(c.arrive-r.ready)
	return c
}

// sameWay tells whether two columns of one request are the same itinerary.
func (c *column) sameWay(d *column) bool {
	if c.warehouse != d.warehouse || c.gate != d.gate || len(c.legs) != len(d.legs) {
		return false
	}
	for i := range c.legs {
		if c.legs[i] != d.legs[i] {
			return false
		}
	}
	return true
}

// heldFrom is the share of the goods still there on each day from the column's day to the horizon.
func (in *instance) heldFrom(c *column) []float64 { return in.heldOf(c, &in.requests[c.request]) }

// heldOf is heldFrom for a request that need not be one of the instance's.
func (in *instance) heldOf(c *column, r *request) []float64 {
	return r.held[:min(len(r.held), in.days-int(c.day))]
}

// priceOf is what prices charge for the room of the column.
func (in *instance) priceOf(c *column, row []float64) float64 {
	r := &in.requests[c.request]
	n := len(in.departures)
	t := 0.0
	for _, d := range c.legs {
		t += row[d]*r.volume + row[n+int(d)]*r.weight
	}
	base := int(in.dayRow(c.warehouse, int(c.day)))
	held := in.heldFrom(c)
	return t + r.volume*floats.Dot(held, row[base:base+len(held)])
}

// addUse adds share times the room that the column takes to use, by row.
func (in *instance) addUse(c *column, share float64, use []float64) {
	r := &in.requests[c.request]
	n := len(in.departures)
	v, w := share*r.volume, share*r.weight
	for _, d := range c.legs {
		use[d] += v
		use[n+int(d)] += w
	}
	base := int(in.dayRow(c.warehouse, int(c.day)))
	held := in.heldFrom(c)
	floats.AddScaled(use[base:base+len(held)], v, held)
}

// useOf is what all of a column takes of a row.
func (in *instance) useOf(c *column, row rowIndex) float64 {
	n := len(in.departures)
	r := &in.requests[c.request]
	if int(row) < 2*n {
		d, use := departureIndex(row), r.volume
		if int(row) >= n {
			d, use = departureIndex(int(row)-n), r.weight
		}
		if slices.Contains(c.legs, d) {
			return use
		}
		return 0
	}
	k := int(row - in.dayRow(c.warehouse, int(c.day)))
	if held := in.heldFrom(c); k >= 0 && k < len(held) {
		return r.volume * held[k]
	}
	return 0
}
