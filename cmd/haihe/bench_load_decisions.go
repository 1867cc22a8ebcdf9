package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"haihe/web"
)

// decisions has clients hold, confirm and cancel, and submit and withdraw, each one command after another.
func (b *loadBench) decisions(ctx context.Context, s *loaded) ([]loadLine, error) {
	if err := b.network(ctx, s, true); err != nil {
		return nil, err
	}
	if err := s.planned(ctx, b.clients*b.requests); err != nil {
		return nil, err
	}
	peer, err := b.bareWrites(ctx, s.brokers)
	if err != nil {
		return nil, err
	}
	profiled := b.profiled(ctx, s, "decisions")
	var refused, failed atomic.Int64
	took := make([][]float64, b.clients)
	running, cancel := context.WithTimeout(ctx, b.lasting)
	defer cancel()
	begun, cpu := time.Now(), s.cpu()
	var wg sync.WaitGroup
	for c := range b.clients {
		token, err := s.token(web.Exporter, loadExporter(c))
		if err != nil {
			return nil, err
		}
		wg.Go(func() {
			x := &exporter{ctx: running, base: s.base, token: token, client: c, requests: b.requests, refused: &refused, failed: &failed,
				http: &http.Client{Transport: &http.Transport{}}}
			for running.Err() == nil {
				x.round()
			}
			x.http.CloseIdleConnections()
			took[c] = x.took
		})
	}
	wg.Wait()
	lasted, used := time.Since(begun).Seconds(), (s.cpu() - cpu).Seconds()
	profiled()
	all := slices.Concat(took...)
	if len(all) == 0 {
		return nil, fmt.Errorf("no decision was made; %d refused, %d failed", refused.Load(), failed.Load())
	}
	n := float64(len(all))
	slices.Sort(all)
	return []loadLine{
		{fmt.Sprintf("durable decisions by HTTP, %d clients", b.clients), fmt.Sprintf("%.0f/s; p50 %.1f, p99 %.1f, p99.9 %.1f ms; %.3f CPU ms each", n/lasted,
			at(all, .5), at(all, .99), at(all, .999), used*1000/n), "5,000/s, p99 50 ms"},
		{"of which refused, failed", fmt.Sprintf("%d, %d", refused.Load(), failed.Load()), "failed 0"},
		peer,
	}, nil
}

// at is a quantile of sorted values.
func at(sorted []float64, share float64) float64 {
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// exporter is one client.
type exporter struct {
	ctx              context.Context
	base, token      string
	client, requests int
	http             *http.Client
	refused, failed  *atomic.Int64
	rounds, serial   int
	took             []float64 // ms, of decisions that were made
}

// round takes the next request through hold, confirmation and cancellation, and submits and withdraws another. A match
// that is being planned anew is refused, and costs a moment.
func (x *exporter) round() {
	id := loadRequest(x.client, x.rounds%x.requests)
	x.rounds++
	var held struct {
		Booking string `json:"booking"`
	}
	if x.post("/api/requests/"+id+"/bookings", `{"status":"HELD"}`, &held) {
		if x.post("/api/bookings/"+held.Booking+"/confirm", "", nil) {
			x.ask(http.MethodDelete, "/api/bookings/"+held.Booking, "", nil)
		}
	} else {
		select {
		case <-time.After(2 * time.Millisecond):
		case <-x.ctx.Done():
		}
	}
	now := time.Now().UTC().Truncate(time.Second)
	var made struct {
		ID string `json:"id"`
	}
	if x.post("/api/requests", fmt.Sprintf(`{"origin":"CNTXG","market":"US","class":"general","volume_m3":3,"weight_kg":10,"ready":%q,"due":%q,"storage_days":5,"value":1000}`,
		now.Format(time.RFC3339), now.AddDate(0, 0, 40).Format(time.RFC3339)), &made) {
		x.ask(http.MethodDelete, "/api/requests/"+made.ID, "", nil)
	}
}

func (x *exporter) post(path, body string, into any) bool {
	return x.ask(http.MethodPost, path, body, into)
}

// ask sends a command and reports whether it was decided as wished.
func (x *exporter) ask(method, path, body string, into any) bool {
	r, err := http.NewRequestWithContext(x.ctx, method, x.base+path, strings.NewReader(body))
	if err != nil {
		panic(err) // the addresses are ours
	}
	r.Header.Set("Authorization", "Bearer "+x.token)
	x.serial++
	r.Header.Set("Idempotency-Key", fmt.Sprint(x.serial))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	begun := time.Now()
	answer, err := x.http.Do(r)
	if err == nil {
		var text []byte
		text, err = io.ReadAll(answer.Body)
		answer.Body.Close()
		if err == nil && answer.StatusCode < 300 {
			x.took = append(x.took, time.Since(begun).Seconds()*1000)
			return into == nil || json.Unmarshal(text, into) == nil
		}
	}
	switch {
	case x.ctx.Err() != nil:
	case err == nil && answer.StatusCode == http.StatusConflict:
		x.refused.Add(1)
	default:
		x.failed.Add(1)
	}
	return false
}

// planned waits until the service has a plan for so many requests.
func (s *loaded) planned(ctx context.Context, requests int) error {
	token, err := s.token(web.Operator, string(web.Operator))
	if err != nil {
		return err
	}
	for {
		var plan struct {
			Assignments []json.RawMessage `json:"assignments"`
		}
		text, err := s.get(ctx, "/api/plan", token)
		if err == nil && json.Unmarshal(text, &plan) == nil && len(plan.Assignments) >= requests {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *loaded) get(ctx context.Context, path, token string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, answer.Status, bytes.TrimSpace(text))
	}
	return text, err
}

// profiled takes a CPU profile of the service while a part lasts, if that is wished; the func that it returns waits for
// the end of it.
func (b *loadBench) profiled(ctx context.Context, s *loaded, part string) (wait func()) {
	if b.profile == "" || s.metrics == "" {
		return func() {}
	}
	done := make(chan error, 1)
	go func() {
		done <- func() error {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", s.metrics, int(b.lasting.Seconds())), nil)
			if err != nil {
				return err
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			f, err := os.Create(filepath.Join(b.profile, part+".pprof"))
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(f, answer.Body)
			return err
		}()
	}()
	return func() {
		if err := <-done; err != nil {
			b.say("no profile: %v", err)
		}
	}
}
