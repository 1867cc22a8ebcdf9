package main

import (
	"context"

	"haihe/planner"
	"haihe/planner/scenario"
	"haihe/streams"
	"haihe/web"
)

// newDesk makes the desk of a service: scenarios start from its loop, and are kept in its log.
func (v *service) newDesk() *scenario.Desk {
	return scenario.NewDesk(scenario.Config{
		Base: func(ctx context.Context) (*scenario.Base, *planner.Problem, *planner.Plan, error) {
			if !v.ready.Load() {
				return nil, nil, nil, web.ErrNotReady
			}
			b, c, err := v.loop.Base(ctx)
			return b, c.Problem, c.Plan, err
		},
		Save:   v.producer.PublishScenario,
		Logger: v.log,
	})
}

// followScenarios takes what was kept before, and what other instances keep.
func (v *service) followScenarios(ctx context.Context) error {
	return streams.FollowScenarios(ctx, v.brokers, v.log, v.scenarios.Restore, func() {})
}
