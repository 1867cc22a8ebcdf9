package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"haihe/planner"
	"haihe/streams"
	"haihe/web"
)

// Facts are written by so many writers, in batches.
const (
	factWriters = 8
	factBatch   = 1000
	factsReady  = 200000 // messages that are made before the clock runs, and sent again and again
)

// factMessages makes records as carriers send them: of a hundred facts 90 are positions, 9 occupancies and one is a delay,
// which moves the plan.
func factMessages(n int) ([]kafka.Message, error) {
	now := time.Now().UTC().Truncate(time.Second)
	list := make([]kafka.Message, n)
	for i := range list {
		d := loadDeparture(i % loadDepartures)
		var f planner.Fact = &planner.PositionReported{Departure: d, Mode: planner.ModeRail, Lat: float64(i%80) / 2, Lon: float64(i%170) / 2, SpeedKnots: 18.5, CourseDeg: 90, At: now}
		switch {
		case i%100 == 0:
			f = &planner.DepartureDelayed{Departure: d, Mode: planner.ModeRail, DelayHours: float64(i%7) / 10, Reason: "load"}
		case i%100 < 10:
			f = &planner.OccupancyReported{Warehouse: "W", FreeM3: planner.PerDay{1e7 - float64(i%1000)}}
		}
		m, err := streams.Encode(planner.Event{ID: fmt.Sprint("fact-", i), Source: "/bench", Sequence: uint64(i + 2), Time: now, Fact: f})
		if err != nil {
			return nil, err
		}
		list[i] = m
	}
	return list, nil
}

func bareWriter(brokers []string, topic string) *kafka.Writer {
	return &kafka.Writer{Addr: kafka.TCP(brokers...), Topic: topic, Balancer: kafka.Murmur2Balancer{}, RequiredAcks: kafka.RequireAll,
		BatchTimeout: 2 * time.Millisecond, BatchSize: factBatch}
}

// facts writes facts at a rate, and looks how long it takes until the service has taken them all in, and how old its plan
// gets meanwhile.
func (b *loadBench) facts(ctx context.Context, s *loaded) ([]loadLine, error) {
	if err := b.network(ctx, s, true); err != nil {
		return nil, err
	}
	if err := s.planned(ctx, b.clients*b.requests); err != nil {
		return nil, err
	}
	messages, err := factMessages(factsReady)
	if err != nil {
		return nil, err
	}
	peers, err := b.barePeers(ctx, s.brokers, messages)
	if err != nil {
		return nil, err
	}
	token, err := s.token(web.Commission, string(web.Commission))
	if err != nil {
		return nil, err
	}
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	profiled := b.profiled(ctx, s, "facts")
	begun, before := time.Now(), s.effort()
	ages := make(chan []float64, 1)
	go func() { ages <- s.planAges(watching, token, begun) }()
	sent, err := writeFacts(ctx, bareWriter(s.brokers, ""), messages, b.rate, b.lasting)
	if err != nil {
		return nil, err
	}
	wrote := time.Since(begun).Seconds()
	if err := s.level(ctx, token); err != nil {
		return nil, err
	}
	lasted, worked := time.Since(begun), s.effort().since(before)
	took := lasted.Seconds()
	profiled()
	stopWatching()
	age := <-ages
	slices.Sort(age)
	if len(age) == 0 {
		age = []float64{0}
	}
	n := float64(sent)
	return append([]loadLine{
		{fmt.Sprintf("facts taken in, %.0f written a second", n/wrote), fmt.Sprintf("%.0f/s until all were in the state, %.2f s after the last", n/took, took-wrote), "50,000/s"},
		{"CPU time of a fact: service with its broker, load", fmt.Sprintf("%.1f µs, %.1f µs; %s", worked.service.Seconds()*1e6/n, worked.load.Seconds()*1e6/n, worked.shares(lasted)), ""},
		{"age of the plan meanwhile", fmt.Sprintf("p50 %.2f, p99 %.2f s, at most %.2f s", at(age, .5), at(age, .99), age[len(age)-1]), "live"},
	}, peers...), nil
}

// writeFacts sends messages round and round, numbered on, at a rate; 0 is as many as go.
func writeFacts(ctx context.Context, w *kafka.Writer, messages []kafka.Message, rate int, lasting time.Duration) (int, error) {
	defer w.Close()
	begun := time.Now()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	sent := 0
	for k := range factWriters {
		wg.Go(func() {
			for i := k; time.Since(begun) < lasting; i += factWriters {
				if rate > 0 { // the batch of number i is due then
					due := begun.Add(time.Duration(float64(i*factBatch) / float64(rate) * float64(time.Second)))
					select {
					case <-time.After(time.Until(due)):
					case <-ctx.Done():
					}
				}
				batches := len(messages) / factBatch
				from := i % batches * factBatch
				batch := renumbered(messages[from:from+factBatch], i/batches*len(messages))
				err := w.WriteMessages(ctx, batch...)
				mu.Lock()
				if sent += len(batch); err != nil {
					failed = err
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return sent, failed
}

// renumbered returns records with higher sequences.
func renumbered(messages []kafka.Message, by int) []kafka.Message {
	list := slices.Clone(messages)
	for i := range list {
		m := &list[i]
		m.Headers = slices.Clone(m.Headers)
		for j := range m.Headers {
			if h := &m.Headers[j]; h.Key == "ce_sequence" {
				n, _ := strconv.Atoi(string(h.Value))
				h.Value = strconv.AppendInt(nil, int64(n+by), 10)
			}
		}
	}
	return list
}

// health is what the service says of itself.
func (s *loaded) health(ctx context.Context, token string) (h web.Health, err error) {
	text, err := s.get(ctx, "/api/health", token)
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(text, &h)
}

// level waits until the service has read all that stands in the log.
func (s *loaded) level(ctx context.Context, token string) error {
	for quiet := 0; quiet < 3; {
		h, err := s.health(ctx, token)
		if quiet++; err != nil {
			quiet = 0 // it begins
		}
		for _, n := range h.Lag {
			if n > 0 {
				quiet = 0
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// planAges looks again and again how old the plan is that is shown: s since the state that it answers. Before the first
// change, at begun, a plan is as good as new.
func (s *loaded) planAges(ctx context.Context, token string, begun time.Time) []float64 {
	var ages []float64
	for {
		var plan struct {
			Entities struct {
				Plan *planner.PlanSummary `json:"plan"`
			} `json:"entities"`
		}
		text, err := s.get(ctx, "/api/snapshot", token)
		if err == nil && json.Unmarshal(text, &plan) == nil && plan.Entities.Plan != nil {
			from := plan.Entities.Plan.SolvedAt
			if from.Before(begun) {
				from = begun
			}
			ages = append(ages, time.Since(from).Seconds())
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return ages
		}
	}
}

// barePeers writes the same records to a topic that nobody reads, and reads them with nothing behind it.
func (b *loadBench) barePeers(ctx context.Context, brokers []string, messages []kafka.Message) ([]loadLine, error) {
	if err := makeBareTopic(ctx, brokers, 3); err != nil {
		return nil, err
	}
	bare := slices.Clone(messages)
	for i := range bare {
		bare[i].Topic = ""
	}
	half := b.lasting / 2
	begun := time.Now()
	sent, err := writeFacts(ctx, bareWriter(brokers, bareTopic), bare, 0, half)
	if err != nil {
		return nil, err
	}
	wrote := time.Since(begun).Seconds()
	begun = time.Now()
	read := 0
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: brokers, Topic: bareTopic, Partition: 0, MaxBytes: 10 << 20})
	defer r.Close()
	reading, cancel := context.WithTimeout(ctx, half)
	defer cancel()
	if err := r.SetOffset(kafka.FirstOffset); err != nil {
		return nil, err
	}
	for {
		m, err := r.ReadMessage(reading)
		if err != nil {
			break
		}
		if read++; m.Offset+1 >= m.HighWaterMark {
			break
		}
	}
	return []loadLine{
		{"bare kafka-go producer, the same records", fmt.Sprintf("%.0f/s", float64(sent)/wrote), "peer"},
		{"bare kafka-go reader, one partition", fmt.Sprintf("%.0f/s", float64(read)/time.Since(begun).Seconds()), "peer"},
	}, nil
}
