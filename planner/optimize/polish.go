package optimize

import "slices"

// polish plans the requests that may be split anew, and exactly, in the room that the whole ones leave. It returns the
// better of the two plans.
func (s *solver) polish(found [][]share) [][]share {
	in := s.in
	if !slices.ContainsFunc(in.requests, func(r request) bool { return !r.whole }) || s.stop() {
		return found
	}
	left := *in
	left.capacity = slices.Clone(in.capacity)
	left.requests = slices.Clone(in.requests)
	cost := 0.0 // of the requests that may be split, as found
	for i := range in.requests {
		r := &in.requests[i]
		rest := 1.0
		for k := range found[i] {
			x := &found[i][k]
			rest -= x.fraction
			if r.whole {
				in.addUse(&x.column, -x.fraction, left.capacity)
			} else {
				cost += x.fraction * x.column.cost
			}
		}
		if r.whole {
			left.requests[i].value, left.requests[i].network = 0, &network{}
		} else {
			cost += rest * r.value
		}
	}
	for i := range left.capacity {
		left.capacity[i] = max(0, left.capacity[i])
	}
	left.compileScale()
	again := &solver{in: &left, o: s.o, ctx: s.ctx, begun: s.begun, until: s.until, team: s.team, master: newMaster(&left, s.o.Seed),
		proof: make([]float64, len(left.capacity))}
	again.o.Progress = nil
	for i := range s.master.columns {
		if c := &s.master.columns[i]; !in.requests[c.request].whole {
			again.master.add(*c)
		}
	}
	again.rounds(again.everyone(), "", s.o.Gap, func(bound float64) { again.bound = max(again.bound, bound) })
	if again.master.objective > cost*(1+1e-9) {
		return found
	}
	s.polished = again
	better := again.master.shares()
	for i := range found {
		if in.requests[i].whole {
			better[i] = found[i]
		}
	}
	return better
}
