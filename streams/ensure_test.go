package streams

import (
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

func TestEnsureTopicsTwice(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		first := ensure(t, b.brokers[0])
		require.Equal(t, 1, first.Brokers)
		require.NotEmpty(t, first.ID)
		require.Equal(t, first, ensure(t, b.brokers[0]))
	})
}

func TestEnsureTopicsSaysWhatIsWrong(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		deleteTopics(t, b.brokers[0])
		c := newClient(b.brokers)
		defer c.close()
		require.NoError(t, c.retry(t.Context(), patience, func(ctx context.Context, k *kafka.Client) error {
			resp, err := k.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
				{Topic: TopicRequests, NumPartitions: 1, ReplicationFactor: 1, ConfigEntries: []kafka.ConfigEntry{
					{ConfigName: "cleanup.policy", ConfigValue: "delete"}, {ConfigName: "retention.ms", ConfigValue: "60000"}}},
				{Topic: TopicBookings, NumPartitions: 2, ReplicationFactor: 1},
			}})
			if err != nil {
				return err
			}
			require.NoError(t, resp.Errors[TopicRequests])
			return resp.Errors[TopicBookings]
		}))
		_, err := EnsureTopics(t.Context(), b.brokers)
		require.ErrorContains(t, err, "haihe.requests has 1 partitions, want 3: kafka-topics.sh --alter --topic haihe.requests --partitions 3")
		require.ErrorContains(t, err, "haihe.requests has ")
		require.ErrorContains(t, err, "kafka-configs.sh --alter --topic haihe.requests --add-config")
		require.ErrorContains(t, err, "haihe.bookings has 2 partitions, want 1")
		require.ErrorContains(t, err, "haihe.bookings has retention.ms=604800000, want -1")
		require.NotContains(t, err.Error(), "haihe.flights")
	})
}

// A cluster deletes whole segments: one that stayed open for a week would keep what is to last for a day.
func TestSegmentsAreShorterThanRetention(t *testing.T) {
	for _, topic := range Topics {
		have := map[string]string{"segment.ms": strconv.FormatInt(segmentMs, 10)}
		for _, e := range topic.config(Log{ID: "cluster", Brokers: 3}).ConfigEntries {
			have[e.ConfigName] = e.ConfigValue
		}
		ms, err := strconv.ParseInt(have["segment.ms"], 10, 64)
		require.NoError(t, err)
		if topic.RetentionMs > 0 {
			require.Less(t, ms, topic.RetentionMs, topic.Name)
		}
	}
}

func TestNoBrokerAnswers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := EnsureTopics(ctx, []string{"127.0.0.1:1"})
	require.ErrorIs(t, err, context.Canceled)
}

// TestDocumentedTopics compares the table in doc.go with Topics.
func TestDocumentedTopics(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, topic := range Topics {
		row := regexp.MustCompile(`(?m)^//\t` + regexp.QuoteMeta(topic.Name) + ` .*$`).FindString(string(doc))
		require.NotEmpty(t, row, topic.Name)
		fields := strings.Fields(row)
		require.Equal(t, strconv.Itoa(topic.Partitions), fields[2], topic.Name)
		if topic.RetentionMs > 0 {
			require.Contains(t, row, strconv.FormatInt(topic.RetentionMs/day, 10)+" day", topic.Name)
		}
		if topic.EmbeddedRetentionMs > 0 {
			require.Contains(t, row, strconv.FormatInt(topic.EmbeddedRetentionMs/day, 10)+" day", topic.Name)
		}
		require.Equal(t, strings.Contains(topic.Cleanup, "compact"), strings.Contains(row, "compact"), topic.Name)
	}
}
