package streams

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// segmentMs is how long a cluster writes to one segment of a log unless it is told otherwise.
const segmentMs = 7 * day

// connectTimeout bounds how long a start waits for the brokers.
const connectTimeout = 30 * time.Second

// Log says which log the brokers hold.
type Log struct {
	// ID tells one log from another: the id of the cluster. Offsets of one log mean nothing in another.
	ID string
	// Brokers is how many brokers the cluster has.
	Brokers int
}

// EnsureTopics creates the topics that are missing and checks that those which are there will do. It may be
// called at every start. On a cluster a topic has min(3, brokers) replicas, and two of three must confirm a write.
func EnsureTopics(ctx context.Context, brokers []string) (Log, error) {
	c := newClient(brokers)
	defer c.close()
	var log Log
	var missing []string
	err := c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		var err error
		log, missing, err = missingTopics(ctx, k)
		return err
	})
	if err != nil {
		return log, fmt.Errorf("streams: looking for the topics: %w", err)
	}
	if len(missing) > 0 {
		if err := createTopics(ctx, c, log, missing); err != nil {
			return log, err
		}
	}
	var faults []string
	err = c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		var err error
		faults, err = topicFaults(ctx, k, log)
		return err
	})
	if err != nil {
		return log, fmt.Errorf("streams: checking the topics: %w", err)
	}
	if len(faults) > 0 {
		return log, fmt.Errorf("streams: topics on %s are not as Haihe needs them:\n%s", c.names(), strings.Join(faults, "\n"))
	}
	return log, nil
}

func missingTopics(ctx context.Context, k *kafka.Client) (Log, []string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	resp, err := k.Metadata(ctx, &kafka.MetadataRequest{Topics: topicNames()})
	if err != nil {
		return Log{}, nil, err
	}
	if len(resp.Brokers) == 0 {
		return Log{}, nil, kafka.BrokerNotAvailable
	}
	var missing []string
	for _, t := range resp.Topics {
		switch {
		case errors.Is(t.Error, kafka.UnknownTopicOrPartition):
			missing = append(missing, t.Name)
		case t.Error != nil:
			return Log{}, nil, fmt.Errorf("topic %s: %w", t.Name, t.Error)
		}
	}
	return Log{ID: resp.ClusterID, Brokers: len(resp.Brokers)}, missing, nil
}

func createTopics(ctx context.Context, c *client, log Log, names []string) error {
	req := &kafka.CreateTopicsRequest{}
	for _, t := range Topics {
		if slices.Contains(names, t.Name) {
			req.Topics = append(req.Topics, t.config(log))
		}
	}
	err := c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		resp, err := k.CreateTopics(ctx, req)
		if err != nil {
			return err
		}
		for _, t := range req.Topics {
			// Another Haihe may have been quicker.
			if err := resp.Errors[t.Topic]; err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
				return fmt.Errorf("topic %s: %w", t.Topic, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("streams: creating the topics %s on %s: %w", strings.Join(names, ", "), c.names(), err)
	}
	return nil
}

// config is how the topic is created in a log.
func (t Topic) config(log Log) kafka.TopicConfig {
	replicas := min(3, log.Brokers)
	entries := []kafka.ConfigEntry{
		{ConfigName: "max.message.bytes", ConfigValue: strconv.Itoa(t.MaxMessageBytes)},
		{ConfigName: "min.insync.replicas", ConfigValue: strconv.Itoa(max(1, replicas-1))},
	}
	if log.embedded() && t.EmbeddedRetentionBytes > 0 {
		// Room comes free segment by segment.
		entries = append(entries, kafka.ConfigEntry{ConfigName: "segment.bytes", ConfigValue: strconv.FormatInt(t.EmbeddedRetentionBytes/4, 10)})
	}
	if !log.embedded() && t.RetentionMs > 0 && t.RetentionMs < segmentMs {
		// A cluster deletes whole segments, never the one that it writes to.
		entries = append(entries, kafka.ConfigEntry{ConfigName: "segment.ms", ConfigValue: strconv.FormatInt(t.RetentionMs/4, 10)})
	}
	for _, s := range t.needs(log) {
		entries = append(entries, kafka.ConfigEntry{ConfigName: s.name, ConfigValue: s.want})
	}
	return kafka.TopicConfig{Topic: t.Name, NumPartitions: t.Partitions, ReplicationFactor: replicas, ConfigEntries: entries}
}

// setting is a configuration of a topic, and whether a value will do.
type setting struct {
	name, want string
	ok         func(have string) bool
}

// needs lists the settings on which it depends what is kept.
func (t Topic) needs(log Log) []setting {
	cleanup, retention, bytes := t.Cleanup, t.RetentionMs, int64(-1)
	if log.embedded() {
		// The embedded broker rewrites a partition in place when it compacts; a crash meanwhile would lose
		// what had been acknowledged. So there the log only grows, and loses its oldest end.
		cleanup, retention, bytes = "delete", t.EmbeddedRetentionMs, t.EmbeddedRetentionBytes
	}
	list := []setting{{"cleanup.policy", cleanup, func(have string) bool { return samePolicies(have, cleanup) }}}
	if strings.Contains(cleanup, "delete") {
		list = append(list,
			setting{"retention.ms", strconv.FormatInt(retention, 10), func(have string) bool { return keepsAsMuch(have, retention) }},
			setting{"retention.bytes", strconv.FormatInt(bytes, 10), func(have string) bool { return keepsAsMuch(have, bytes) }})
	}
	return list
}

func (l Log) embedded() bool { return strings.HasPrefix(l.ID, embeddedPrefix) }

func samePolicies(a, b string) bool {
	sorted := func(s string) []string {
		list := strings.Split(strings.ReplaceAll(s, " ", ""), ",")
		slices.Sort(list)
		return list
	}
	return slices.Equal(sorted(a), sorted(b))
}

// keepsAsMuch compares limits of retention; a negative one keeps everything.
func keepsAsMuch(have string, want int64) bool {
	n, err := strconv.ParseInt(have, 10, 64)
	return err == nil && (n < 0 || want >= 0 && n >= want)
}

// topicFaults says, a line each, what is wrong with the topics that are there.
func topicFaults(ctx context.Context, k *kafka.Client, log Log) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	meta, err := k.Metadata(ctx, &kafka.MetadataRequest{Topics: topicNames()})
	if err != nil {
		return nil, err
	}
	partitions := map[string]int{}
	for _, t := range meta.Topics {
		if t.Error != nil {
			return nil, fmt.Errorf("topic %s: %w", t.Name, t.Error)
		}
		partitions[t.Name] = len(t.Partitions)
	}
	req := &kafka.DescribeConfigsRequest{}
	for _, t := range Topics {
		req.Resources = append(req.Resources, kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: t.Name})
	}
	resp, err := k.DescribeConfigs(ctx, req)
	if err != nil {
		return nil, err
	}
	have := map[string]string{}
	for _, r := range resp.Resources {
		if r.Error != nil {
			return nil, fmt.Errorf("settings of topic %s: %w", r.ResourceName, r.Error)
		}
		for _, e := range r.ConfigEntries {
			have[r.ResourceName+" "+e.ConfigName] = e.ConfigValue
		}
	}
	var faults []string
	for _, t := range Topics {
		if n := partitions[t.Name]; n < t.Partitions {
			faults = append(faults, fmt.Sprintf("%s has %d partitions, want %d: kafka-topics.sh --alter --topic %s --partitions %d", t.Name, n, t.Partitions, t.Name, t.Partitions))
		} else if t.Partitions == 1 && n != 1 {
			faults = append(faults, fmt.Sprintf("%s has %d partitions, want 1, for its records have one order: move it away and start again", t.Name, n))
		}
		needs := append(t.needs(log), setting{"max.message.bytes", strconv.Itoa(t.MaxMessageBytes), func(have string) bool { return keepsAsMuch(have, int64(t.MaxMessageBytes)) }})
		for _, s := range needs {
			if v := have[t.Name+" "+s.name]; !s.ok(v) {
				faults = append(faults, fmt.Sprintf("%s has %s=%s, want %s: kafka-configs.sh --alter --topic %s --add-config %s=[%s]", t.Name, s.name, v, s.want, t.Name, s.name, s.want))
			}
		}
	}
	return faults, nil
}

func topicNames() []string {
	names := make([]string, len(Topics))
	for i, t := range Topics {
		names[i] = t.Name
	}
	return names
}
