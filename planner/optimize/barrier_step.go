package optimize

import (
	"math"
	"slices"
)

// barrierStep is the working memory of a barrier's steps.
type barrierStep struct {
	dx, dz  []float64 // by column
	dy, ds  []float64 // by place in rows
	rho     []float64 // by column: the change that x·z is to have
	tau     []float64 // by place in rows: the same of slack·y
	short   []float64 // by place in rows: what is free less use and slack
	miss    []float64 // by place in requests: 1 less the sum of fractions
	key     []int32   // by place in requests: its column with most of it
	parts   [shards]barrierPart
	normal  dense // places × places, the lower triangle
	normals [barrierShards][]float64
}

// barrierShards is how many copies of the normal matrix are added to side by side: a constant, since sums of floats
// depend on it.
const barrierShards = 2

// barrierPart is one part's share of a step, with its working memory.
type barrierPart struct {
	load    []float64 // by place in rows
	sum     float64
	mean    []float64 // scratch by place in rows: Σ θ·(column − key) of one request
	diff    []float64 // scratch by place in rows: column − key
	marked  []bool
	touched []int32
	list    []int32
}

// prepare makes room for steps over the rows that there are now.
func (b *barrier) prepare() {
	n := len(b.rows)
	if b.dx == nil {
		b.dx, b.dz, b.rho = make([]float64, len(b.ids)), make([]float64, len(b.ids)), make([]float64, len(b.ids))
		b.miss, b.key = make([]float64, len(b.requests)), make([]int32, len(b.requests))
	}
	b.dy, b.ds, b.tau, b.short = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for s := range b.parts {
		b.parts[s] = barrierPart{load: make([]float64, n), mean: make([]float64, n), diff: make([]float64, n), marked: make([]bool, n)}
	}
	for s := range b.normals {
		if cap(b.normals[s]) < n*n {
			b.normals[s] = make([]float64, n*n, (n+64)*(n+64))
		}
		b.normals[s] = b.normals[s][:n*n]
	}
	b.normal = dense{n, b.normals[0]}
}

// measure computes what is short, and the mean of the products that are to vanish.
func (b *barrier) measure() (mu float64) {
	b.worst = 0
	for s := range b.parts {
		clear(b.parts[s].load)
		b.parts[s].sum = 0
	}
	b.each(func(s, k int) {
		p := &b.parts[s]
		sum, best := 0.0, b.first[k]
		for j := b.first[k]; j < b.first[k+1]; j++ {
			x := b.x[j]
			sum += x
			p.sum += x * b.z[j]
			if x > b.x[best] {
				best = j
			}
			for e := b.start[j]; e < b.start[j+1]; e++ {
				p.load[b.index[e]] += x * b.use[e]
			}
		}
		b.miss[k], b.key[k] = 1-sum, best
	})
	total := 0.0
	for i := range b.short {
		b.short[i] = b.free[i] - b.slack[i]
		for s := range b.parts {
			b.short[i] -= b.parts[s].load[i]
		}
		total += b.y[i] * b.slack[i]
		b.worst = max(b.worst, math.Abs(b.short[i]))
	}
	for s := range b.parts {
		total += b.parts[s].sum
	}
	return total / float64(max(1, len(b.ids)+len(b.rows)))
}

// iterate makes one step: towards the boundary first, to see how far that goes; then with what that says about the
// centre (Mehrotra 1992), and with products far from the rest brought nearer (Gondzio 1996), as often as that makes
// the step longer. It returns the lengths of the step.
func (b *barrier) iterate(mu float64, stop func() bool) (primal, dual float64, ok bool) {
	b.assemble(stop)
	if stop() || !b.normal.factor(b.team, stop) {
		return 0, 0, false
	}
	for j := range b.x {
		b.rho[j] = -b.x[j] * b.z[j]
	}
	for p := range b.y {
		b.tau[p] = -b.slack[p] * b.y[p]
	}
	b.direction()
	primal, dual = b.reach()
	after := 0.0
	for j := range b.x {
		after += (b.x[j] + primal*b.dx[j]) * (b.z[j] + dual*b.dz[j])
	}
	for p := range b.y {
		after += (b.slack[p] + primal*b.ds[p]) * (b.y[p] + dual*b.dy[p])
	}
	after /= float64(len(b.x) + len(b.y))
	goal := mu * math.Pow(after/mu, 3)
	for j := range b.x {
		b.rho[j] = goal - b.x[j]*b.z[j] - b.dx[j]*b.dz[j]
	}
	for p := range b.y {
		b.tau[p] = goal - b.slack[p]*b.y[p] - b.ds[p]*b.dy[p]
	}
	b.direction()
	primal, dual = b.reach()
	for range correctors {
		if min(primal, dual) > 0.95 || !b.correct(goal, &primal, &dual) {
			break
		}
	}
	for j := range b.x {
		b.x[j] += primal * b.dx[j]
		b.z[j] += dual * b.dz[j]
	}
	for p := range b.y {
		b.slack[p] += primal * b.ds[p]
		b.y[p] += dual * b.dy[p]
	}
	return primal, dual, true
}

// correctors is how often a step is corrected at most: each is a solve with factors that are there already.
const correctors = 4

// correct tries to make the step longer, and tells whether it is worth another try.
func (b *barrier) correct(goal float64, primal, dual *float64) bool {
	dx, dz, dy, ds := slices.Clone(b.dx), slices.Clone(b.dz), slices.Clone(b.dy), slices.Clone(b.ds)
	farX, farZ := min(1, 1.3**primal+0.1), min(1, 1.3**dual+0.1)
	for j := range b.x {
		b.rho[j] += nearer((b.x[j]+farX*b.dx[j])*(b.z[j]+farZ*b.dz[j]), goal)
	}
	for p := range b.y {
		b.tau[p] += nearer((b.slack[p]+farX*b.ds[p])*(b.y[p]+farZ*b.dy[p]), goal)
	}
	b.direction()
	x, z := b.reach()
	if x+z <= *primal+*dual {
		b.dx, b.dz, b.dy, b.ds = dx, dz, dy, ds
		return false
	}
	again := x > *primal+0.02 || z > *dual+0.02
	*primal, *dual = x, z
	return again
}

// nearer is what a product lacks, or has too much, to be within a factor of ten of goal.
func nearer(product, goal float64) float64 {
	switch {
	case product < 0.1*goal:
		return 0.1*goal - product
	case product > 10*goal:
		return max(10*goal-product, -10*goal)
	}
	return 0
}

// reach is how far the step can go before a fraction or a slack, and a price or a reduced cost, is nearly zero.
func (b *barrier) reach() (primal, dual float64) {
	const back = 0.995
	primal, dual = 1/back, 1/back
	toZero := func(at, by []float64, t float64) float64 {
		for i, d := range by {
			if d < 0 && at[i] < -d*t {
				t = -at[i] / d
			}
		}
		return t
	}
	primal = toZero(b.slack, b.ds, toZero(b.x, b.dx, primal))
	dual = toZero(b.y, b.dy, toZero(b.z, b.dz, dual))
	return back * primal, back * dual
}

// assemble makes the normal matrix: for each request Σ θ d dᵀ − (Σ θ d)(Σ θ d)ᵀ/Σ θ over its columns, with θ = x/z and
// d what the column takes more than the key, and slack/y on the diagonal. Taking the key off first keeps digits that
// would be lost where one θ is much larger than the others.
func (b *barrier) assemble(stop func() bool) {
	n := len(b.rows)
	b.team.tasks(barrierShards, never, func(s int) {
		to, p := b.normals[s], &b.parts[s]
		clear(to)
		m := len(b.requests)
		for k := m * s / barrierShards; k < m*(s+1)/barrierShards; k++ {
			if k&1023 == 0 && stop() {
				return
			}
			b.addRequest(p, k, to)
		}
	})
	total := b.normals[0]
	b.team.tasks(n, never, func(i int) {
		row := total[i*n : i*n+i+1]
		for _, other := range b.normals[1:] {
			for l, x := range other[i*n : i*n+i+1] {
				row[l] += x
			}
		}
		row[i] += b.slack[i] / b.y[i]
	})
}

// addRequest adds one request's part to the lower triangle of a normal matrix.
func (b *barrier) addRequest(p *barrierPart, k int, to []float64) {
	n, key := len(b.rows), b.key[k]
	all := b.x[key] / b.z[key]
	p.touched = p.touched[:0]
	for j := b.first[k]; j < b.first[k+1]; j++ {
		if j == key {
			continue
		}
		theta := b.x[j] / b.z[j]
		all += theta
		b.difference(p, j, key)
		for _, i := range p.list {
			d := p.diff[i]
			if d == 0 {
				continue
			}
			if !p.marked[i] {
				p.marked[i] = true
				p.touched = append(p.touched, i)
			}
			p.mean[i] += theta * d
			row := to[int(i)*n : int(i)*n+int(i)+1]
			for _, l := range p.list {
				if l <= i {
					row[l] += theta * d * p.diff[l]
				}
			}
		}
		for _, i := range p.list {
			p.diff[i] = 0
		}
	}
	for _, i := range p.touched {
		a := p.mean[i] / all
		row := to[int(i)*n : int(i)*n+int(i)+1]
		for _, l := range p.touched {
			if l <= i {
				row[l] -= a * p.mean[l]
			}
		}
	}
	for _, i := range p.touched {
		p.mean[i], p.marked[i] = 0, false
	}
}

// difference puts column j less the key into diff, and the places that it touches into list.
func (b *barrier) difference(p *barrierPart, j, key int32) {
	p.list = p.list[:0]
	for e := b.start[j]; e < b.start[j+1]; e++ {
		p.diff[b.index[e]] = b.use[e]
		p.list = append(p.list, b.index[e])
	}
	for e := b.start[key]; e < b.start[key+1]; e++ {
		i := b.index[e]
		if p.diff[i] == 0 {
			p.list = append(p.list, i)
		}
		p.diff[i] -= b.use[e]
	}
}

// direction solves for the step that changes x·z by rho and slack·y by tau, and makes up what is short.
func (b *barrier) direction() {
	for s := range b.parts {
		clear(b.parts[s].load)
	}
	b.each(func(s, k int) {
		load, key := b.parts[s].load, b.key[k]
		all, sum := 0.0, 0.0
		for j := b.first[k]; j < b.first[k+1]; j++ {
			all += b.x[j] / b.z[j]
			sum += b.rho[j] / b.z[j]
		}
		rest := (b.miss[k] - sum) / all
		ofKey := b.miss[k]
		for j := b.first[k]; j < b.first[k+1]; j++ {
			if j == key {
				continue
			}
			t := (b.rho[j] + b.x[j]*rest) / b.z[j]
			ofKey -= t
			for e := b.start[j]; e < b.start[j+1]; e++ {
				load[b.index[e]] += t * b.use[e]
			}
		}
		for e := b.start[key]; e < b.start[key+1]; e++ {
			load[b.index[e]] += ofKey * b.use[e]
		}
	})
	for i := range b.dy {
		b.dy[i] = b.tau[i]/b.y[i] - b.short[i]
		for s := range b.parts {
			b.dy[i] += b.parts[s].load[i]
		}
	}
	b.normal.solve(b.dy)
	for i := range b.dy {
		b.ds[i] = (b.tau[i] - b.slack[i]*b.dy[i]) / b.y[i]
	}
	b.each(func(_, k int) {
		key := b.key[k]
		all, sum, base := 0.0, 0.0, b.charge(key)
		for j := b.first[k]; j < b.first[k+1]; j++ {
			b.dz[j] = 0
			if j != key {
				b.dz[j] = b.charge(j) - base
			}
			theta := b.x[j] / b.z[j]
			all += theta
			sum += theta*b.dz[j] - b.rho[j]/b.z[j]
		}
		shift := (b.miss[k] + sum) / all
		b.dx[key] = b.miss[k]
		for j := b.first[k]; j < b.first[k+1]; j++ {
			b.dz[j] -= shift
			if j != key {
				b.dx[j] = (b.rho[j] - b.x[j]*b.dz[j]) / b.z[j]
				b.dx[key] -= b.dx[j]
			}
		}
	})
}

// charge is what column j is charged more along the step.
func (b *barrier) charge(j int32) float64 {
	t := 0.0
	for e := b.start[j]; e < b.start[j+1]; e++ {
		t += b.use[e] * b.dy[b.index[e]]
	}
	return t
}
