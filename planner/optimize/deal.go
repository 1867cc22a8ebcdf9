package optimize

import "math"

// deal gives every request one of its columns so that together they take the room that prices y ask to be taken, as
// nearly as whole requests can: a plan to pivot from. Requests choose one after the other, again and again, by reduced
// cost and by what they leave empty or overfill: room left over costs its price, and room that is not there costs rise
// times that, little at first and then more and more, so that they sort themselves out before they are pushed apart.
func (k *market) deal(y []float64) []int32 {
	in, m := k.s.in, k.m
	copy(k.y.row, y)
	k.y.sum(in)
	d := &dealer{in: in, m: m, y: y, load: k.load, unit: make([]float64, len(y))}
	clear(d.load)
	worth, _ := m.usualPrices()
	nd := len(in.departures)
	for i := range d.unit {
		switch {
		case y[i] > 0:
			d.unit[i] = y[i]
		case i >= 2*nd:
			d.unit[i] = worth[0] / stayOfRow
		case i >= nd:
			d.unit[i] = worth[1]
		default:
			d.unit[i] = worth[0]
		}
	}
	keys := make([]int32, len(in.requests))
	choices := d.choices(k, keys)
	const sweeps, steep, growth = 14, 10, 1.4
	d.rise = steep * math.Pow(growth, 2-sweeps)
	for range sweeps {
		for i, c := range choices {
			if i%dealLook == dealLook-1 && k.s.stop() {
				return keys
			}
			keys[c.request] = d.best(c, keys[c.request])
		}
		d.rise = min(steep, d.rise*growth)
		if k.s.stop() {
			break
		}
	}
	return keys
}

// dealLook is how many requests are dealt with between two looks at the clock.
const dealLook = 4096

// nearColumn is how far from the cheapest a column may be that requests choose among, as a share of their value.
const nearColumn = 0.01

// undecided lists what a request chooses among, with reduced costs.
type undecided struct {
	request requestIndex
	ids     []int32
	reduced []float64
}

// dealer is the state of a deal.
type dealer struct {
	in   *instance
	m    *master
	y    []float64
	load []float64 // by row, m3 or kg
	unit []float64 // by row, what overfilling it is reckoned by
	rise float64
}

// choices lists the requests that have one, and gives all their cheapest column.
func (d *dealer) choices(k *market, keys []int32) []undecided {
	in, m := d.in, d.m
	var list []undecided
	var charged []float64
	for i := range keys {
		keys[i] = leave(requestIndex(i))
	}
	for i := range in.requests {
		if i%dealLook == dealLook-1 && k.s.stop() {
			break
		}
		r, id := &in.requests[i], requestIndex(i)
		charged = charged[:0]
		least := r.value
		for _, c := range m.of[i] {
			x := k.charged(&m.columns[c], r)
			charged = append(charged, x)
			if x < least {
				least, keys[i] = x, c
			}
		}
		if keys[i] >= 0 {
			in.addUse(&m.columns[keys[i]], 1, d.load)
		}
		limit := least + nearColumn*r.value
		c := undecided{request: id}
		if r.value <= limit {
			c.ids, c.reduced = append(c.ids, leave(id)), append(c.reduced, r.value-least)
		}
		for j, x := range charged {
			if x <= limit {
				c.ids, c.reduced = append(c.ids, m.of[i][j]), append(c.reduced, x-least)
			}
		}
		if len(c.ids) > 1 {
			list = append(list, c)
		}
	}
	return list
}

// best takes a request off its column and puts it on the best there is.
func (d *dealer) best(c undecided, now int32) int32 {
	if now >= 0 {
		d.in.addUse(&d.m.columns[now], -1, d.load)
	}
	least := math.Inf(1)
	for j, id := range c.ids {
		if x := d.cost(id, c.reduced[j]); x < least {
			now, least = id, x
		}
	}
	if now >= 0 {
		d.in.addUse(&d.m.columns[now], 1, d.load)
	}
	return now
}

// cost is the reduced cost of a column and what the rows that it takes cost more with it than without.
func (d *dealer) cost(id int32, reduced float64) float64 {
	if id < 0 {
		return reduced
	}
	c := &d.m.columns[id]
	r, n := &d.in.requests[c.request], len(d.in.departures)
	for _, l := range c.legs {
		reduced += d.more(int(l), r.volume) + d.more(n+int(l), r.weight)
	}
	base := int(d.in.dayRow(c.warehouse, int(c.day)))
	for k, h := range d.in.heldFrom(c) {
		reduced += d.more(base+k, r.volume*h)
	}
	return reduced
}

// more is what a row costs more with a use than without.
func (d *dealer) more(row int, use float64) float64 {
	free := d.in.capacity[row] - d.load[row]
	within := min(use, max(0, free))
	return d.rise*d.unit[row]*(use-within) - d.y[row]*within
}
