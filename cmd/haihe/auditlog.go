package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"haihe/planner/access"
	"haihe/streams"
	"haihe/web"
)

// What the audit log may cost: so many entries wait at most, and what somebody does again within a minute with the same
// result is one entry with a count.
const (
	auditQueue  = 20_000
	auditFlush  = time.Second
	auditRepeat = time.Minute
	auditRead   = 50_000 // entries that are looked through for an organisation's
)

// auditLog writes who did or looked at what to its topic. Nobody waits for it.
type auditLog struct {
	journal *streams.Journal
	brokers []string
	secret  []byte
	log     *slog.Logger

	mu      sync.Mutex
	queue   []web.AuditEntry
	repeats map[web.AuditEntry]*repeat // by the entry without time and count
	dropped int
}

type repeat struct {
	since time.Time
	more  int // since it was written
	last  time.Time
}

func newAuditLog(brokers []string, secret []byte, log *slog.Logger) *auditLog {
	return &auditLog{journal: streams.NewJournal(brokers, streams.TopicAudit, secret, log), brokers: brokers, secret: secret, log: log,
		repeats: map[web.AuditEntry]*repeat{}}
}

func (a *auditLog) take(e web.AuditEntry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	what := e
	what.At, what.Count = time.Time{}, 0
	if r := a.repeats[what]; r != nil {
		r.more++
		r.last = e.At
		return
	}
	if len(a.queue) >= auditQueue {
		a.dropped++
		return
	}
	if len(a.repeats) < auditQueue {
		a.repeats[what] = &repeat{since: e.At}
	}
	a.queue = append(a.queue, e)
}

// due takes what is to be written now. At the end all is due.
func (a *auditLog) due(now time.Time, end bool) []web.AuditEntry {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.queue
	a.queue = nil
	var counted []web.AuditEntry
	for what, r := range a.repeats {
		if !end && now.Sub(r.since) < auditRepeat {
			continue
		}
		delete(a.repeats, what)
		if r.more > 0 {
			what.At, what.Count = r.last, r.more
			counted = append(counted, what)
		}
	}
	slices.SortFunc(counted, func(x, y web.AuditEntry) int { return x.At.Compare(y.At) })
	list = append(list, counted...)
	if a.dropped > 0 {
		list = append(list, web.AuditEntry{At: now.UTC(), Action: "audit", Result: "lost", Count: a.dropped})
		a.dropped = 0
	}
	return list
}

// run writes until ctx ends, and then what is left.
func (a *auditLog) run(ctx context.Context) {
	defer a.journal.Close()
	tick := time.NewTicker(auditFlush)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.flush(ctx, false)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			a.flush(last, true)
			return
		}
	}
}

func (a *auditLog) flush(ctx context.Context, end bool) {
	list := a.due(time.Now(), end)
	if len(list) == 0 {
		return
	}
	notes := make([]streams.Note, len(list))
	for i, e := range list {
		value, err := json.Marshal(e)
		if err != nil {
			a.log.Error("an entry of the audit log cannot be written", "error", err)
			return
		}
		notes[i] = streams.Note{Key: string(e.Kind) + "/" + e.Org, Value: value}
	}
	if err := a.journal.Put(ctx, notes...); err != nil {
		a.log.Error("the audit log was not confirmed", "entries", len(list), "error", err)
	}
}

// newest returns the newest n entries of an organisation; of all if it has no kind.
func (a *auditLog) newest(ctx context.Context, org access.OrgID, n int) ([]web.AuditEntry, error) {
	a.flush(ctx, false)
	return readAudit(ctx, a.brokers, a.secret, auditRead, func(e web.AuditEntry) bool {
		return org.Kind == "" || e.Kind == org.Kind && e.Org == org.ID
	}, n)
}

func readAudit(ctx context.Context, brokers []string, secret []byte, most int, wanted func(web.AuditEntry) bool, n int) ([]web.AuditEntry, error) {
	var list []web.AuditEntry
	err := streams.ReadNotes(ctx, brokers, streams.TopicAudit, secret, most, func(note streams.Note) {
		var e web.AuditEntry
		if json.Unmarshal(note.Value, &e) == nil && wanted(e) {
			list = append(list, e)
		}
	})
	slices.Reverse(list)
	return list[:min(n, len(list))], err
}

func auditCommand() *cobra.Command {
	var from accessSource
	var org string
	var since time.Duration
	var limit int
	cmd := &cobra.Command{
		Use:   "audit [flags]",
		Short: "Write who did or looked at what",
		Long: `Writes the audit log (haihe.audit) of a running service or a cluster, newest first, one JSON object a
line: who (organisation, user, session or key), when, from which address, which operation on what, and with
which result. What was done again within a minute with the same result is one entry with a count.`,
		Example: `  haihe audit --since 24h
  haihe audit --org exporter/E00017 --limit 20`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var id access.OrgID
			if org != "" {
				var err error
				if id, err = parseOrg(org); err != nil {
					return err
				}
			}
			brokers, key, err := from.where()
			if err != nil {
				return err
			}
			list, err := readAudit(cmd.Context(), brokers, key, 0, func(e web.AuditEntry) bool {
				return (org == "" || e.Kind == id.Kind && e.Org == id.ID) && (since == 0 || time.Since(e.At) < since)
			}, limit)
			if err != nil {
				return err
			}
			for _, e := range list {
				line, err := json.Marshal(e)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s\n", line)
			}
			return nil
		},
	}
	from.flags(cmd)
	cmd.Flags().StringVar(&org, "org", "", "of this organisation alone, KIND/ID")
	cmd.Flags().DurationVar(&since, "since", 0, "of the last so long alone")
	cmd.Flags().IntVar(&limit, "limit", 1000, "at most so many entries")
	return cmd
}
