package web

import (
	"context"
	"sync"
	"time"

	"haihe/planner/access"
)

// How often connections are held against who may see what: soon after something changed, and now and then for what
// runs out by itself.
const (
	reviewAfter = 200 * time.Millisecond
	reviewEvery = 5 * time.Second
)

// guard ends the connections of sessions, keys and tokens that have ended.
type guard struct {
	life context.Context // until Close
	stop context.CancelFunc
	done sync.WaitGroup
}

func (s *Server) startGuard() {
	ctx, stop := context.WithCancel(context.Background())
	s.guard.life, s.guard.stop = ctx, stop
	s.guard.done.Go(func() {
		tick := time.NewTicker(reviewEvery)
		defer tick.Stop()
		for {
			changed := s.cfg.Access.Changed()
			select {
			case <-ctx.Done():
				return
			case <-changed:
				select {
				case <-ctx.Done():
					return
				case <-time.After(reviewAfter):
				}
			case <-tick.C:
				s.sweep(ctx)
				s.touchConnected()
			}
			s.hub.review(s.valid)
		}
	})
}

// touchConnected notes that whoever has a websocket open uses their session: a screen that is looked at all day asks for
// nothing else. What is behind a connection that is lost ends with that, after three heartbeats.
func (s *Server) touchConnected() {
	for _, who := range s.hub.connected() {
		s.touch(who)
	}
}

// sweepEvery is how often what is long over is dropped from the log.
const sweepEvery = time.Hour

// sweep drops from the log what is long over. Several instances may do so at once; it is the same.
func (s *Server) sweep(ctx context.Context) {
	now := s.cfg.Now()
	if now.Sub(s.swept) < sweepEvery {
		return
	}
	s.swept = now
	const most = 1000
	stale := s.cfg.Access.Stale()
	if len(stale) == 0 {
		return
	}
	if err := s.commitUnlessEnded(ctx, "", stale[:min(len(stale), most)]...); err != nil && ctx.Err() == nil {
		s.cfg.Logger.Warn("web: sessions that are long over could not be dropped", "error", err)
	}
}

// applyAlone is the log of a server that has none: what is committed holds at once, and for this run.
func applyAlone(r *access.Registry) func(context.Context, ...access.Record) error {
	return func(_ context.Context, records ...access.Record) error {
		for i := range records {
			raw, err := records[i].Encode()
			if err != nil {
				return err
			}
			rec, err := access.Decode(records[i].Name(), raw)
			if err != nil {
				return err
			}
			r.Apply(rec)
		}
		return nil
	}
}
