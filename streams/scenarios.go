package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/segmentio/kafka-go"

	"haihe/planner"
	"haihe/planner/scenario"
)

const (
	typeScenarioKept = "ScenarioKept"
	scenarioSource   = "/haihe/scenarios"
)

// PublishScenario keeps a what-if. Of the records of one the one with the highest revision holds; deleted is a record too.
func (p *Producer) PublishScenario(ctx context.Context, r scenario.Record) error {
	m, err := scenarioMessage(r)
	if err != nil {
		return err
	}
	return p.write(ctx, []kafka.Message{m}, kafka.Zstd, nil)
}

func scenarioMessage(r scenario.Record) (kafka.Message, error) {
	if r.Changes == nil {
		r.Changes = []scenario.Change{}
	}
	value, err := json.Marshal(r)
	if err != nil {
		return kafka.Message{}, fmt.Errorf("streams: %s: %w", typeScenarioKept, err)
	}
	key := planner.Key{Kind: "scenario", ID: r.ID, Aspect: "kept"}
	m := newMessage(TopicScenarios, key, typeScenarioKept, fmt.Sprintf("%s/%d", key, r.Revision), scenarioSource, r.CreatedAt, r.Revision, value)
	// Only Haihe reads the topic, so there is no schema that others could rely on.
	m.Headers = slices.DeleteFunc(m.Headers, func(h kafka.Header) bool { return h.Key == headerDataSchema })
	if n := recordBytes(m); n > MaxRecordBytes {
		return kafka.Message{}, fmt.Errorf("streams: %s: the record takes %d bytes, at most %d are allowed", typeScenarioKept, n, MaxRecordBytes)
	}
	return m, nil
}

// decodeScenario reads a record of haihe.scenarios. What a later version may have added to it is passed over.
func decodeScenario(m kafka.Message) (scenario.Record, error) {
	var r scenario.Record
	if err := json.Unmarshal(m.Value, &r); err != nil {
		return r, jsonError(err)
	}
	if r.ID == "" || r.Revision == 0 {
		return r, errors.New("it has no id or no revision")
	}
	return r, nil
}

// FollowScenarios hands over every record of haihe.scenarios, from the first on, until ctx ends; caughtUp is called once, when
// those have been read that stood there at first. It waits for brokers that are away, and passes over what is no
// record of a scenario. It returns the cause of ctx's end.
func FollowScenarios(ctx context.Context, brokers []string, log *slog.Logger, each func(scenario.Record), caughtUp func()) error {
	c := newClient(brokers)
	defer c.close()
	at := partition{TopicScenarios, 0}
	next, pause, told := int64(-1), 50*time.Millisecond, false
	for ctx.Err() == nil {
		k, number := c.current()
		asking, cancel := context.WithTimeout(ctx, requestTimeout)
		f, err := c.readScenarios(asking, k, at, next)
		cancel()
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			if errors.Is(err, kafka.OffsetOutOfRange) {
				next = -1 // compaction took it, or the log is another one: revisions tell what is old
			} else if _, isCode := kafkaCode(err); !isCode {
				c.renew(number)
			}
			sleep(ctx, pause)
			pause = min(2*pause, 2*time.Second)
			continue
		}
		pause = 50 * time.Millisecond
		for _, m := range f.messages {
			if m.Value == nil {
				continue
			}
			r, err := decodeScenario(m)
			if err != nil {
				log.Warn("a record is no scenario; it is passed over", "partition", at.String(), "offset", m.Offset, "error", err)
				continue
			}
			each(r)
		}
		next = f.next
		if !told && next >= f.end {
			told = true
			caughtUp()
		}
	}
	return context.Cause(ctx)
}

// readScenarios fetches from next on, from the first record where it is negative.
func (c *client) readScenarios(ctx context.Context, k *kafka.Client, at partition, next int64) (fetched, error) {
	if next < 0 {
		found, err := c.offsets(ctx, k, []partition{at})
		if err != nil {
			return fetched{}, err
		}
		if b := found[at]; b.first == b.end {
			return fetched{next: b.first, end: b.end}, nil
		}
		next = found[at].first
	}
	return c.fetch(ctx, k, at, next)
}
