package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	exporters := make([]*exporter, b.clients)
	for c := range exporters {
		token, err := s.token(web.Exporter, loadExporter(c))
		if err != nil {
			return nil, err
		}
		exporters[c] = &exporter{wire: wire{host: strings.TrimPrefix(s.base, "http://"), token: token}, client: c, requests: b.requests, failed: map[string]int{}}
	}
	begun, before := time.Now(), s.effort()
	var wg sync.WaitGroup
	for _, x := range exporters {
		wg.Go(func() { x.run(begun.Add(b.lasting)) })
	}
	wg.Wait()
	lasted, worked := time.Since(begun), s.effort().since(before)
	profiled()
	var all []float64
	refused, failed := 0, map[string]int{}
	for _, x := range exporters {
		all = append(all, x.took...)
		refused += x.refused
		for why, n := range x.failed {
			failed[why] += n
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no decision was made; %d refused, %s failed", refused, reasons(failed))
	}
	n := float64(len(all))
	slices.Sort(all)
	return []loadLine{
		{fmt.Sprintf("durable decisions by HTTP, %d clients", b.clients), fmt.Sprintf("%.0f/s; p50 %.1f, p99 %.1f, p99.9 %.1f ms", n/lasted.Seconds(),
			at(all, .5), at(all, .99), at(all, .999)), "5,000/s, p99 50 ms"},
		{"CPU time of a decision: service with its broker, load", fmt.Sprintf("%.3f ms, %.3f ms", worked.service.Seconds()*1000/n, worked.load.Seconds()*1000/n), ""},
		{"who had the cores", worked.shares(lasted), ""},
		{"besides refused, failed", fmt.Sprintf("%d, %s", refused, reasons(failed)), "failed 0"},
		peer,
	}, nil
}

// at is a quantile of sorted values.
func at(sorted []float64, share float64) float64 {
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// exporter is one client.
type exporter struct {
	wire             wire
	client, requests int
	rounds, serial   int
	took             []float64 // ms, of decisions that were made
	refused          int
	failed           map[string]int // by why
}

// run goes through its requests until the end.
func (x *exporter) run(end time.Time) {
	defer x.wire.close()
	for time.Now().Before(end) {
		x.round()
	}
}

// round takes the next request through hold, confirmation and cancellation, and submits and withdraws another. A match
// that is being planned anew is refused, and costs a moment.
func (x *exporter) round() {
	id := loadRequest(x.client, x.rounds%x.requests)
	x.rounds++
	if booking := x.ask(http.MethodPost, "/api/requests/"+id+"/bookings", `{"status":"HELD"}`, "booking"); booking != "" {
		if x.ask(http.MethodPost, "/api/bookings/"+booking+"/confirm", "", "booking") != "" {
			x.ask(http.MethodDelete, "/api/bookings/"+booking, "", "")
		}
	} else {
		time.Sleep(2 * time.Millisecond)
	}
	now := time.Now().UTC().Truncate(time.Second)
	made := x.ask(http.MethodPost, "/api/requests", fmt.Sprintf(`{"origin":"CNTXG","market":"US","class":"general","volume_m3":3,"weight_kg":10,"ready":%q,"due":%q,"storage_days":5,"value":1000}`,
		now.Format(time.RFC3339), now.AddDate(0, 0, 40).Format(time.RFC3339)), "id")
	if made != "" {
		x.ask(http.MethodDelete, "/api/requests/"+made, "", "")
	}
}

// ask sends a command and returns a member of its answer, where it was decided as wished.
func (x *exporter) ask(method, path, body, member string) (answer string) {
	x.serial++
	begun := time.Now()
	status, err := x.wire.ask(method, path, strconv.Itoa(x.serial), body)
	switch {
	case err != nil:
		x.failed[err.Error()]++
	case status < 300:
		x.took = append(x.took, time.Since(begun).Seconds()*1000)
		if member != "" {
			if answer, err = x.wire.text(member); err != nil {
				x.failed[err.Error()]++
			}
		}
	case status == http.StatusConflict:
		x.refused++
	default:
		x.failed[fmt.Sprint(status, " ", http.StatusText(status))]++
	}
	return answer
}

// reasons lists what failed, the most frequent first.
func reasons(failed map[string]int) string {
	if len(failed) == 0 {
		return "0"
	}
	all := 0
	why := slices.SortedFunc(maps.Keys(failed), func(a, b string) int { return cmp.Or(cmp.Compare(failed[b], failed[a]), cmp.Compare(a, b)) })
	for i, w := range why {
		all += failed[w]
		why[i] = fmt.Sprintf("%d: %.100s", failed[w], w)
	}
	return fmt.Sprintf("%d (%s)", all, strings.Join(why[:min(3, len(why))], "; "))
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
	return s.call(ctx, http.MethodGet, path, token, nil, http.StatusOK)
}

// call asks for something with a body of JSON, and fails on an answer of another status.
func (s *loaded) call(ctx context.Context, method, path, token string, body []byte, want int) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != want {
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
