package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

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
// those have been read that stood there at first. It passes over what is no record of a scenario. It returns the cause of
// ctx's end.
func FollowScenarios(ctx context.Context, brokers []string, log *slog.Logger, each func(scenario.Record), caughtUp func()) error {
	c := newClient(brokers)
	defer c.close()
	at := partition{TopicScenarios, 0}
	return c.follow(ctx, at, func(m kafka.Message) {
		r, err := decodeScenario(m)
		if err != nil {
			log.Warn("a record is no scenario; it is passed over", "partition", at.String(), "offset", m.Offset, "error", err)
			return
		}
		each(r)
	}, caughtUp)
}
