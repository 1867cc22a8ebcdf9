package main

import "time"

// master is the linear program over the columns known, in HiGHS: minimise Σ (cost − value) x, a row for each request
// and one for each row of room that was ever violated, scaled to the capacity 1.
type master struct {
	m       *model
	h       *highs
	columns []column
	onLeg   [][]int32 // by leg, columns that use it
	inHouse [][]int32 // by warehouse
	rowOf   []int32   // by row of room, its row in HiGHS or -1
	rooms   []int32   // by row in HiGHS after those of the requests, the row of room
	x, dual []float64
	used    []float64
	scale   []float64 // by row of room
}

func newMaster(m *model) *master {
	ms := &master{m: m, h: newHighs(), onLeg: make([][]int32, len(m.legs)), inHouse: make([][]int32, len(m.p.Warehouses)),
		rowOf: make([]int32, len(m.capacity)), used: make([]float64, len(m.capacity)), dual: make([]float64, len(m.requests)),
		scale: make([]float64, len(m.capacity))}
	for i, c := range m.capacity {
		ms.rowOf[i], ms.scale[i] = -1, 1
		if c > 0 {
			ms.scale[i] = 1 / c
		}
	}
	ms.h.option("presolve", "off")
	for range m.requests {
		ms.h.vector(-infinity, 1)
	}
	ms.h.addRows()
	return ms
}

// uses calls f for each row of room that a column takes of, with how much all of its request takes.
func (ms *master) uses(c *column, f func(row int32, amount float64)) {
	m := ms.m
	r := &m.requests[c.request]
	for _, l := range c.legs {
		f(l, r.volume)
		f(int32(len(m.legs))+l, r.weight)
	}
	for k := 0; k < r.stay && int(c.day)+k < m.days; k++ {
		f(m.dayRow(c.warehouse, int(c.day)+k), r.volume*r.held(k))
	}
}

// amount is how much of a row of room a column takes, which is known to use that leg or warehouse.
func (ms *master) amount(c *column, row int32) float64 {
	m := ms.m
	r, n := &m.requests[c.request], int32(len(m.legs))
	switch {
	case row < n:
		return r.volume
	case row < 2*n:
		return r.weight
	}
	if k := int(row-2*n)%m.days - int(c.day); k >= 0 && k < r.stay {
		return r.volume * r.held(k)
	}
	return 0
}

func (ms *master) add(columns []column) {
	cost := make([]float64, len(columns))
	ms.h.begin()
	for i := range columns {
		c := &columns[i]
		id := int32(len(ms.columns))
		ms.columns = append(ms.columns, *c)
		cost[i] = c.cost - ms.m.requests[c.request].value
		ms.h.vector(0, infinity)
		ms.h.entry(c.request, 1)
		ms.uses(c, func(row int32, amount float64) {
			if at := ms.rowOf[row]; at >= 0 && amount != 0 {
				ms.h.entry(at, amount*ms.scale[row])
			}
		})
		for _, l := range c.legs {
			ms.onLeg[l] = append(ms.onLeg[l], id)
		}
		ms.inHouse[c.warehouse] = append(ms.inHouse[c.warehouse], id)
	}
	ms.h.addColumns(cost)
}

// HiGHS' names for its simplex methods.
const (
	dualSimplex   = 1
	primalSimplex = 4
)

// solve solves the program, adding rows of room until none is violated. x and the duals are those of the last solve.
func (ms *master) solve(until time.Time) error {
	// New columns leave the basis primal feasible, new rows leave it dual feasible.
	ms.h.option("simplex_strategy", primalSimplex)
	for {
		if err := ms.h.run(until); err != nil {
			return err
		}
		ms.x = resize(ms.x, len(ms.columns))
		ms.dual = resize(ms.dual, len(ms.m.requests)+len(ms.rooms))
		ms.h.solution(ms.x, ms.dual)
		for i, y := range ms.dual {
			ms.dual[i] = max(0, -y)
		}
		rows := ms.violated()
		if len(rows) == 0 {
			return nil
		}
		ms.addRooms(rows)
		ms.h.option("simplex_strategy", dualSimplex)
	}
}

func resize(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n, n+n/2)
	}
	return x[:n]
}

// violated lists the rows of room that x breaks: all of departures, and of a warehouse the days that are worst among
// their neighbours.
func (ms *master) violated() []int32 {
	m := ms.m
	clear(ms.used)
	for id, x := range ms.x {
		if x > 0 {
			ms.uses(&ms.columns[id], func(row int32, amount float64) { ms.used[row] += x * amount })
		}
	}
	over := func(row int32) float64 { return ms.used[row] - m.capacity[row] }
	breaks := func(row int32) bool {
		return ms.rowOf[row] < 0 && over(row) > 1e-7*max(1, m.capacity[row])
	}
	var rows []int32
	for row := range int32(2 * len(m.legs)) {
		if breaks(row) {
			rows = append(rows, row)
		}
	}
	for w := range m.p.Warehouses {
		for d := range m.days {
			row := m.dayRow(int32(w), d)
			if breaks(row) && (d == 0 || over(row) >= over(row-1)) && (d == m.days-1 || over(row) > over(row+1)) {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

func (ms *master) addRooms(rows []int32) {
	m := ms.m
	ms.h.begin()
	for _, row := range rows {
		ms.rowOf[row] = int32(len(m.requests) + len(ms.rooms))
		ms.rooms = append(ms.rooms, row)
		ms.h.vector(-infinity, m.capacity[row]*ms.scale[row])
		var list []int32
		if legs := int32(len(m.legs)); row < 2*legs {
			list = ms.onLeg[row%legs]
		} else {
			list = ms.inHouse[(row-2*legs)/int32(m.days)]
		}
		for _, id := range list {
			if a := ms.amount(&ms.columns[id], row); a != 0 {
				ms.h.entry(id, a*ms.scale[row])
			}
		}
	}
	ms.h.addRows()
}

// objective is the cost of x, what stays behind at its value.
func (ms *master) objective() float64 {
	total := 0.0
	for i := range ms.m.requests {
		total += ms.m.requests[i].value
	}
	for id, x := range ms.x {
		c := &ms.columns[id]
		total += x * (c.cost - ms.m.requests[c.request].value)
	}
	return total
}
