package optimize

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"haihe/planner"
)

func load(t *testing.T, name string) *instance {
	f, err := os.Open("/tmp/inst/" + name + ".json")
	if err != nil {
		t.Skip()
	}
	b := time.Now()
	p, err := planner.DecodeProblem(f, name)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("decode", time.Since(b))
	b = time.Now()
	in, _ := compile(p)
	fmt.Println("compile", time.Since(b), "networks", len(in.networks), "departures", len(in.departures))
	return in
}

func TestProbeMarket(t *testing.T) {
	in := load(t, cmp.Or(os.Getenv("INST"), "M"))
	o := Options{Gap: 1e-4, Workers: 2}
	s := &solver{in: in, o: o, ctx: context.Background(), begun: time.Now(), team: newTeam(in, 2), master: newMaster(in, 0)}
	s.proof = make([]float64, len(in.capacity))
	values := 0.0
	for i := range in.requests {
		values += in.requests[i].value
	}
	m := s.master
	b := time.Now()
	k := newMarket(s)
	show := func(what string) {
		fmt.Printf("%s %v at %v columns %d\n", what, time.Since(b), time.Since(s.begun), len(m.columns))
		b = time.Now()
	}
	k.visit(20)
	show("visit")
	for range 1 {
		k.again(20, 1)
		show("again")
	}
	for pass := range 3 {
		soft := []float64{0.01, 0.006, 0.004, 0.002, 0.001, 0.001}[pass]
		for i := range 30 {
			v := k.round(soft)
			over := k.adjust(i)
			if i%10 == 9 {
				fmt.Printf("   pool bound %.0f over %.0f\n", v, over)
			}
		}
		k.round(soft)
		show("rounds")
		s.limits = k.least
		total, added, _ := s.price(s.everyone())
		s.limits = nil
		bound := total - k.y.offCapacity(in)
		s.note(bound)
		fmt.Printf("bound %.0f added %d of %d; values %.0f, regret unit 1e-3=%.0f\n", bound, added, len(m.columns), values, (values-bound)*1e-3)
		show("price")
	}
	if os.Getenv("STOP") != "" {
		return
	}
	y := append([]float64(nil), k.y.row...)
	b = time.Now()
	m.start(y, 0.03)
	m.sum()
	fmt.Println("start", time.Since(b), m.excess(), m.objective)
	all := s.everyone()
	for i := 0; i < 6; i++ {
		m.within = []float64{1e-4, 3e-5, 1e-5, 1e-6, 1e-9, 1e-9}[i]
		m.optimise(all, func() bool { return false })
		m.sum()
		fmt.Println("   ", time.Since(b), m.pivots, "excess", m.excess(), len(m.tight), m.objective)
		total, added, _ := s.price(s.everyone())
		bound := total - k.y.offCapacity(in)
		s.note(bound)
		fmt.Printf("       price bound %.0f best %.0f regret %.6f added %d at %v\n", bound, s.bound, (m.objective-s.bound)/(values-s.bound), added, time.Since(s.begun))
		if i == 0 {
			m.unband()
		}
		for i := range m.high {
			m.high[i] *= 2
		}
		m.priceOutside()
	}
}
