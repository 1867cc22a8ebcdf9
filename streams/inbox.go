package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"haihe/planner"
	"haihe/planner/trace"
)

// A cluster's permissions are by topic and not by key, and a record does not say who wrote it. So a firm writes to a
// topic of its own, its inbox, which nobody else may write to, and an instance passes on what is the firm's to say.

const (
	inboxPrefix = "haihe.in."
	inboxGroup  = "haihe-inbox."
	// inboxRescan is how soon a new inbox is found.
	inboxRescan = 15 * time.Second
	// inboxKeep is how long an inbox keeps records, passed on or not.
	inboxKeep = 7 * day
)

// InboxTopic is the name of a firm's inbox. What a topic's name may not hold stands as _XX, in hexadecimal digits.
func InboxTopic(firm string) (string, error) {
	var b strings.Builder
	b.WriteString(inboxPrefix)
	for i := range len(firm) {
		c := firm[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	if firm == "" || b.Len() > 249 {
		return "", fmt.Errorf("streams: there can be no inbox for a firm whose id has %d bytes", len(firm))
	}
	return b.String(), nil
}

// InboxFirm returns whose inbox a topic is; false if it is none.
func InboxFirm(topic string) (string, bool) {
	rest, ok := strings.CutPrefix(topic, inboxPrefix)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		if rest[i] != '_' {
			b.WriteByte(rest[i])
			continue
		}
		if i+3 > len(rest) {
			return "", false
		}
		c, err := strconv.ParseUint(rest[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		i += 2
	}
	name, err := InboxTopic(b.String())
	return b.String(), err == nil && name == topic
}

// MakeInbox makes the inbox of a firm, unless it is there.
func MakeInbox(ctx context.Context, brokers []string, firm string) (string, error) {
	name, err := InboxTopic(firm)
	if err != nil {
		return "", err
	}
	c := newClient(brokers)
	defer c.close()
	var log Log
	err = c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		var err error
		log, _, err = missingTopics(ctx, k)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("streams: looking for the brokers: %w", err)
	}
	t := Topic{Name: name, Partitions: 1, Cleanup: "delete", RetentionMs: inboxKeep, EmbeddedRetentionMs: inboxKeep, EmbeddedRetentionBytes: -1,
		MaxMessageBytes: MaxRecordBytes + batchSlack}
	err = c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		resp, err := k.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{t.config(log)}})
		if err != nil {
			return err
		}
		if err := resp.Errors[name]; err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return err
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("streams: creating the topic %s: %w", name, err)
	}
	return name, nil
}

// Inbox passes on what firms write to their inboxes. Several instances share the work.
type Inbox struct {
	brokers []string
	// Allow says why a firm may not say what an event says: it is no fact of a firm's, or of another's thing.
	Allow func(ctx context.Context, firm string, e planner.Event) error
	// Publish puts events on the topics that they belong on.
	Publish func(ctx context.Context, events ...planner.Event) error
	// Bury puts a record among the dead letters.
	Bury   func(ctx context.Context, m kafka.Message, reason error) error
	Logger *slog.Logger
	Tracer *trace.Tracer // nil: records are not traced
}

// NewInbox returns an inbox whose dead letters go where those of a consumer do.
func NewInbox(brokers []string, c *Consumer, publish func(context.Context, ...planner.Event) error,
	allow func(context.Context, string, planner.Event) error) *Inbox {
	return &Inbox{brokers: brokers, Allow: allow, Publish: publish, Bury: c.Bury, Logger: c.log, Tracer: c.options.Tracer}
}

// Run reads all inboxes, and those that come to be, until ctx is done.
func (x *Inbox) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	c := newClient(x.brokers)
	defer c.close()
	known := map[string]bool{}
	for {
		topics, err := inboxes(ctx, c)
		if err != nil && ctx.Err() == nil {
			x.Logger.Warn("the inboxes of firms cannot be looked up; trying again", "error", err)
		}
		for _, topic := range topics {
			if firm, ok := InboxFirm(topic); ok && !known[topic] {
				known[topic] = true
				wg.Go(func() { x.read(ctx, topic, firm) })
			}
		}
		if !sleep(ctx, inboxRescan) {
			return ctx.Err()
		}
	}
}

func inboxes(ctx context.Context, c *client) ([]string, error) {
	k, _ := c.current()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	resp, err := k.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range resp.Topics {
		if t.Error == nil && strings.HasPrefix(t.Name, inboxPrefix) {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// read passes on what stands in an inbox. A record is done with when it stands on the topic of its fact or among the
// dead letters; one that is read twice says the same twice, which does no harm.
func (x *Inbox) read(ctx context.Context, topic, firm string) {
	d := &kafka.Dialer{ClientID: "haihe", Timeout: 10 * time.Second, DualStack: true}
	if s := dialing.Load(); s != nil {
		d.SASLMechanism, d.TLS = s.mechanism, s.tls
	}
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: x.brokers, Topic: topic, GroupID: inboxGroup + strings.TrimPrefix(topic, inboxPrefix), Dialer: d,
		MinBytes: 1, MaxBytes: 1 << 20, MaxWait: fetchWait, StartOffset: kafka.FirstOffset, RetentionTime: 30 * 24 * time.Hour})
	defer r.Close()
	for {
		m, err := r.FetchMessage(ctx)
		for err == nil {
			if err = x.pass(ctx, firm, m); err != nil && ctx.Err() == nil {
				x.Logger.Warn("a record of an inbox cannot be passed on; trying again", "topic", topic, "offset", m.Offset, "error", err)
				if sleep(ctx, time.Second) {
					err = nil
					continue
				}
			}
			break
		}
		if err == nil {
			err = r.CommitMessages(ctx, m)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			x.Logger.Warn("an inbox cannot be read; trying again", "topic", topic, "error", err)
			if !sleep(ctx, time.Second) {
				return
			}
		}
	}
}

// pass puts a record where it belongs: on the topic of its fact, if the firm may say it, else among the dead letters.
func (x *Inbox) pass(ctx context.Context, firm string, m kafka.Message) error {
	if x.Tracer != nil {
		var span trace.Span
		ctx, span = received(ctx, x.Tracer, "pass on", &m)
		defer span.End()
	}
	e, err := decodeRecord(m)
	if err == nil {
		err = own(firm, e)
	}
	if err == nil {
		switch err = x.Allow(ctx, firm, e); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			return x.Publish(ctx, e)
		}
	}
	return x.Bury(ctx, m, err)
}

// FirmSource is what stands in ce_source of a firm's records.
func FirmSource(firm string) string { return "/firms/" + url.PathEscape(firm) }

// own says why a firm does not speak for itself in an event.
func own(firm string, e planner.Event) error {
	if want := FirmSource(firm); e.Source != want {
		return fmt.Errorf("ce_source is %s; in this inbox it is %s", quote(e.Source), quote(want))
	}
	return nil
}
