package scenario

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"haihe/planner"
	"haihe/planner/optimize"
)

// What a Desk refuses.
var (
	ErrNone     = errors.New("scenario: there is none of that id")
	ErrBusy     = errors.New("scenario: too many are being solved; try again when one is done, or cancel one")
	ErrFull     = errors.New("scenario: no more can be kept; delete one that is no longer needed")
	ErrNotReady = errors.New("scenario: nothing has been planned yet")
	ErrGone     = errors.New("scenario: its problem and plan are no longer at hand; solve it again")
)

// Record is a scenario as it is kept. Of two of one ID the one with the higher Revision holds.
type Record struct {
	ID        string    `json:"id"`
	Revision  uint64    `json:"revision"`
	Name      string    `json:"name"`
	Changes   []Change  `json:"changes"`
	By        string    `json:"by"`
	CreatedAt time.Time `json:"created_at"`
	Deleted   bool      `json:"deleted"`
	Answer    *Answer   `json:"answer,omitempty"`
}

// Answer is what came out of a solve.
type Answer struct {
	BaseAt     time.Time   `json:"base_at"` // when things stood as they were taken
	SolvedAt   time.Time   `json:"solved_at"`
	Seconds    float64     `json:"seconds"`           // from the question to the answer
	Problem    string      `json:"problem,omitempty"` // why there is no difference
	Difference *Difference `json:"difference,omitempty"`
}

// Statuses of a Scenario.
const (
	Waiting   = "waiting"   // for another to be done
	Running   = "running"   // here
	Done      = "done"      // it has an answer
	Failed    = "failed"    // its answer is why there is none
	Cancelled = "cancelled" // before it was done
	Unsolved  = "unsolved"  // the service stopped before, or another one solves it
)

// Scenario is a Record and how its solve stands here.
type Scenario struct {
	Record
	Status   string
	Progress *Progress // while it is Running
}

// Progress is how far a solve has come.
type Progress struct {
	Step    int     `json:"step"` // of Steps
	Steps   int     `json:"steps"`
	Stage   string  `json:"stage" enum:"copy,before,after,compare"`
	Phase   string  `json:"phase,omitempty" doc:"Of the optimizer"`
	Regret  float64 `json:"regret" doc:"Share of what could be saved that is still in doubt; 1 at first"`
	Seconds float64 `json:"seconds" doc:"Since it began"`
}

// Config is what a Desk needs.
type Config struct {
	// Base returns how things stand now, and the problem and plan that are live; nil before the first plan.
	Base func(ctx context.Context) (*Base, *planner.Problem, *planner.Plan, error)
	// Save keeps a record; nil: they last as long as the Desk.
	Save func(ctx context.Context, r Record) error
	Now  func() time.Time

	Options optimize.Options // without a Gap: Options()
	Jobs    int              // solves at a time; 0: 1
	Queue   int              // that may wait; 0: 8
	Keep    int              // scenarios; 0: 200
	Logger  *slog.Logger
}

// Options is how scenarios are solved: haihe solve --regret 1e-4 --search 8000 gives the same plan, or above 4,000 requests one
// as good, within what both prove. All cores work, beside the live plan, whose solves are short.
func Options() optimize.Options {
	return optimize.Options{Gap: 1e-6, Regret: 1e-4, Search: 8_000, Reasons: 0.01, TimeLimit: 2 * time.Minute, Workers: runtime.GOMAXPROCS(0)}
}

// Desk keeps scenarios and solves them. Its methods may be called from many goroutines at once.
type Desk struct {
	cfg  Config
	jobs chan struct{} // holds one for each solve under way
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
	base baseline

	small int // smallProblem, but for tests

	saving sync.Mutex // held from taking a revision until it is saved, so that the log has them in order; before mu

	mu   sync.Mutex
	held map[string]*entry
	gone map[string]uint64 // revisions of what was deleted
	work []*work           // problems and plans at hand, the newest last
	last uint64            // revision
}

// entry is one scenario.
type entry struct {
	record   Record
	status   string
	progress Progress
	begun    time.Time
	cancel   context.CancelFunc // of the solve under way
}

// work is what a solve leaves behind that is too large to be kept for long.
type work struct {
	id      string
	problem *planner.Problem
	plan    *planner.Plan
}

const keptWork = 4

// NewDesk opens a desk; Close ends it.
func NewDesk(cfg Config) *Desk {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Options.Gap == 0 {
		cfg.Options = Options()
	}
	cfg.Jobs, cfg.Queue, cfg.Keep = orInt(cfg.Jobs, 1), orInt(cfg.Queue, 8), orInt(cfg.Keep, 200)
	d := &Desk{cfg: cfg, jobs: make(chan struct{}, cfg.Jobs), held: map[string]*entry{}, gone: map[string]uint64{}, small: smallProblem}
	d.ctx, d.stop = context.WithCancel(context.Background())
	return d
}

func orInt(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Close cancels what is under way and waits for it.
func (d *Desk) Close() {
	d.stop()
	d.wg.Wait()
}

// Restore takes a record that was kept, here or by another service. What is older than what is known is passed over.
func (d *Desk) Restore(r Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = max(d.last, r.Revision)
	if r.Revision <= d.gone[r.ID] {
		return
	}
	if r.Deleted {
		d.gone[r.ID] = r.Revision
	}
	e := d.held[r.ID]
	if e == nil {
		if !r.Deleted {
			d.held[r.ID] = &entry{record: r, status: statusOf(&r)}
		}
		return
	}
	if r.Revision <= e.record.Revision {
		return
	}
	if r.Deleted {
		e.end()
		delete(d.held, r.ID)
		return
	}
	e.record = r
	if e.cancel == nil {
		e.status = statusOf(&r)
	}
}

func statusOf(r *Record) string {
	switch {
	case r.Answer == nil:
		return Unsolved
	case r.Answer.Difference == nil:
		return Failed
	}
	return Done
}

func (e *entry) end() {
	if e.cancel != nil {
		e.cancel()
	}
}

// NewID makes an id that nobody can guess.
func NewID() string {
	var id [8]byte
	rand.Read(id[:])
	return "whatif-" + hex.EncodeToString(id[:])
}

// Create keeps a scenario under an id and begins to solve it. One that is there under that id stays as it is, and is returned: so a
// question that is asked again, since its answer was lost, is asked once.
func (d *Desk) Create(ctx context.Context, id, name, by string, changes []Change) (Scenario, error) {
	if there, err := d.Get(id); err == nil {
		return there, nil
	}
	base, _, _, err := d.cfg.Base(ctx)
	if err != nil {
		return Scenario{}, err
	}
	if err := base.Check(changes); err != nil {
		return Scenario{}, err
	}
	d.mu.Lock()
	r := Record{ID: id, Revision: d.revision(), Name: strings.TrimSpace(name),
		Changes: slices.Clone(changes), By: by, CreatedAt: d.cfg.Now().UTC()}
	err = d.room()
	if err == nil && len(d.held) >= d.cfg.Keep {
		err = ErrFull
	}
	d.mu.Unlock()
	if err != nil {
		return Scenario{}, err
	}
	if err := d.save(ctx, r); err != nil {
		return Scenario{}, err
	}
	d.Restore(r)
	return d.Run(r.ID)
}

// revision must be called with mu held.
func (d *Desk) revision() uint64 {
	d.last = max(d.last+1, uint64(max(0, d.cfg.Now().UnixMicro())))
	return d.last
}

// room says whether one more solve may begin or wait. It must be called with mu held.
func (d *Desk) room() error {
	n := 0
	for _, e := range d.held {
		if e.cancel != nil {
			n++
		}
	}
	if n >= d.cfg.Jobs+d.cfg.Queue {
		return ErrBusy
	}
	return nil
}

func (d *Desk) save(ctx context.Context, r Record) error {
	if d.cfg.Save == nil {
		return nil
	}
	return d.cfg.Save(ctx, r)
}

// Run solves a scenario on how things stand now, unless that is under way.
func (d *Desk) Run(id string) (Scenario, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.held[id]
	if e == nil {
		return Scenario{}, ErrNone
	}
	if e.cancel == nil {
		if err := d.room(); err != nil {
			return Scenario{}, err
		}
		ctx, cancel := context.WithCancel(d.ctx)
		e.cancel, e.status, e.begun = cancel, Waiting, d.cfg.Now()
		e.progress = Progress{Steps: 4, Regret: 1}
		changes := e.record.Changes
		d.wg.Go(func() { d.run(ctx, id, changes) })
	}
	return d.view(e), nil
}

// Cancel ends a solve. Without one nothing happens.
func (d *Desk) Cancel(id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.held[id]
	if e == nil {
		return ErrNone
	}
	e.end()
	return nil
}

// Rename gives a scenario another name.
func (d *Desk) Rename(ctx context.Context, id, name string) error {
	return d.change(ctx, id, func(r *Record) { r.Name = strings.TrimSpace(name) })
}

// Delete forgets a scenario.
func (d *Desk) Delete(ctx context.Context, id string) error {
	return d.change(ctx, id, func(r *Record) { r.Deleted, r.Changes, r.Answer = true, []Change{}, nil })
}

func (d *Desk) change(ctx context.Context, id string, f func(*Record)) error {
	d.saving.Lock()
	defer d.saving.Unlock()
	d.mu.Lock()
	e := d.held[id]
	if e == nil {
		d.mu.Unlock()
		return ErrNone
	}
	r := e.record
	r.Revision = d.revision()
	d.mu.Unlock()
	f(&r)
	if err := d.save(ctx, r); err != nil {
		return fmt.Errorf("the scenario could not be kept: %w", err)
	}
	d.Restore(r)
	return nil
}

// List returns all scenarios, the newest first.
func (d *Desk) List() []Scenario {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]Scenario, 0, len(d.held))
	for _, e := range d.held {
		list = append(list, d.view(e))
	}
	slices.SortFunc(list, func(a, b Scenario) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

// Get returns one.
func (d *Desk) Get(id string) (Scenario, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.held[id]
	if e == nil {
		return Scenario{}, ErrNone
	}
	return d.view(e), nil
}

func (d *Desk) view(e *entry) Scenario {
	s := Scenario{Record: e.record, Status: e.status}
	if e.cancel != nil {
		p := e.progress
		p.Seconds = d.cfg.Now().Sub(e.begun).Seconds()
		s.Progress = &p
	}
	return s
}

// Work returns the problem and the plan of the last solve. It fails with ErrGone where they are no longer at hand. Both are
// shared: not to be written to.
func (d *Desk) Work(id string) (*planner.Problem, *planner.Plan, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held[id] == nil {
		return nil, nil, ErrNone
	}
	for _, w := range d.work {
		if w.id == id {
			return w.problem, w.plan, nil
		}
	}
	return nil, nil, ErrGone
}
