package live

import (
	"context"

	"haihe/planner/scenario"
)

// Base returns how things stand, with the plan that is shown, for a what-if. The loop only lists what holds; whoever asks
// builds from it.
func (l *Loop) Base(ctx context.Context) (*scenario.Base, Current, error) {
	b := &scenario.Base{Days: l.cfg.Days}
	var c Current
	err := l.do(ctx, func() {
		b.Now = l.cfg.Now()
		b.Events, b.Ledger = l.cfg.State.Facts(), l.cfg.State.LedgerSnapshot()
		c = Current{Problem: l.now.problem, Plan: l.now.plan}
	})
	return b, c, err
}
