package streams

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl/scram"
	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/streams/kafkatest"
)

// TestFirmsSayOnlyWhatIsTheirs runs on a Kafka that asks who comes, over TLS, and lets users do what the grants that
// the documentation names allow.
func TestFirmsSayOnlyWhatIsTheirs(t *testing.T) {
	passwords := map[string]string{kafkatest.Admin: "admin-pass", "haihe": "haihe-pass", "bohai": "bohai-pass", "hansa": "hansa-pass"}
	b := kafkatest.StartSecured(t, passwords)
	t.Cleanup(func() { require.NoError(t, b.Stop()) })
	t.Cleanup(func() { dialing.Store(nil) })
	brokers := []string{b.Addr()}
	as := func(user, password string) {
		t.Helper()
		require.NoError(t, Secure(Security{Mechanism: "SCRAM-SHA-512", User: user, Password: password, TLS: true, CAFile: b.CAFile()}))
	}

	as(kafkatest.Admin, passwords[kafkatest.Admin])
	ctx := t.Context()
	grants := ServiceGrants("haihe")
	for _, firm := range []string{"bohai", "hansa"} {
		own, err := FirmGrants(firm, firm)
		require.NoError(t, err)
		grants = append(grants, own...)
	}
	require.NoError(t, Give(ctx, brokers, grants...))

	as("haihe", passwords["haihe"])
	_, err := EnsureTopics(ctx, brokers)
	require.NoError(t, err, "the service makes its topics with what it is granted")
	for _, firm := range []string{"bohai", "hansa"} {
		_, err := MakeInbox(ctx, brokers, firm)
		require.NoError(t, err)
	}
	c := consume(t, brokers, nil, ConsumerOptions{})
	<-c.CaughtUp()
	producer := NewProducer(brokers)
	defer producer.Close()
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	inbox := NewInbox(brokers, c.Consumer, producer.Publish, func(_ context.Context, firm string, e planner.Event) error {
		if d, ok := e.Fact.(*planner.DepartureScheduled); ok && d.Carrier == firm {
			return nil
		}
		return errors.New("this is another's")
	})
	go func() { done <- inbox.Run(run) }()
	defer func() {
		stop()
		require.ErrorIs(t, <-done, context.Canceled)
	}()

	sails := func(id, carrier string) planner.Event {
		e := eventOf(scheduled(id, carrier), 1)
		e.ID, e.Source = id, FirmSource("bohai")
		return e
	}
	// A firm's client is one of its own: what is the service's goes on as it is.
	firm := &kafka.Transport{}
	write := func(topic string, e planner.Event) error {
		m, err := Encode(e)
		require.NoError(t, err)
		defer firm.CloseIdleConnections()
		k := &kafka.Client{Addr: kafka.TCP(brokers...), Transport: firm}
		short, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		resp, err := k.Produce(short, &kafka.ProduceRequest{Topic: topic, Partition: 0, RequiredAcks: kafka.RequireAll,
			Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes(m.Key), Value: kafka.NewBytes(m.Value), Headers: m.Headers})})
		if err != nil {
			return err
		}
		return resp.Error
	}

	knows, err := (Security{CAFile: b.CAFile()}).tlsConfig()
	require.NoError(t, err)
	login := func(password string) *kafka.Transport {
		mechanism, err := scram.Mechanism(scram.SHA512, "bohai", password)
		require.NoError(t, err)
		return &kafka.Transport{SASL: mechanism, TLS: knows}
	}
	firm = login(passwords["bohai"])
	in, err := InboxTopic("bohai")
	require.NoError(t, err)
	other, err := InboxTopic("hansa")
	require.NoError(t, err)
	for _, topic := range []string{other, TopicRoutes, TopicBookings, TopicAccess, TopicAudit, TopicDeadLetters} {
		require.Error(t, write(topic, sails("S0", "bohai")), topic) // not even that there is one is told
	}
	require.NoError(t, write(in, sails("S1", "bohai")))
	require.NoError(t, write(in, sails("S2", "hansa")), "the broker cannot tell")
	foreign := sails("S3", "bohai")
	foreign.Source = FirmSource("hansa")
	require.NoError(t, write(in, foreign))
	require.NoError(t, write(in, sails("S4", "bohai")))
	firm = login("a guess")
	require.Error(t, write(in, sails("S5", "bohai")))
	firm = &kafka.Transport{}
	require.Error(t, write(in, sails("S6", "bohai")), "without TLS and a name")

	require.Eventually(t, func() bool { events, _ := c.now(); return len(events) == 2 && c.DeadLetterCount() == 2 }, patience, 20*time.Millisecond)
	events, _ := c.now()
	require.ElementsMatch(t, []string{"S1", "S4"}, []string{events[0].ID, events[1].ID})
	probe := newClient(brokers)
	defer probe.close()
	k, _ := probe.current()
	for topic, want := range map[string]int64{in: 4, other: 0, TopicBookings: 0, TopicAccess: 0, TopicAudit: 0, TopicDeadLetters: 2} {
		found, err := probe.offsets(ctx, k, []partition{{topic, 0}})
		require.NoError(t, err)
		require.Equal(t, want, found[partition{topic, 0}].end, topic)
	}
	letters := c.DeadLetters(10)
	require.Equal(t, "S3", letters[0].Headers[headerID])
	require.Contains(t, letters[0].Reason, `ce_source is "/firms/hansa"; in this inbox it is "/firms/bohai"`)
	require.Equal(t, "this is another's", letters[1].Reason)
}

func scheduled(id, carrier string) *planner.DepartureScheduled {
	at := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	return &planner.DepartureScheduled{Departure: planner.Departure{ID: id, Mode: "sea", Carrier: carrier, From: "CNTXG", To: "USLAX",
		Cutoff: at, Depart: at.Add(time.Hour), Arrive: at.Add(100 * time.Hour), CapacityM3: 1, CapacityKg: 1,
		Rate: planner.Rate{Per: "m3", Amount: 1, KgPerM3: 1000}, Classes: []string{"general"}}}
}

func TestSecurityThatWillNotDo(t *testing.T) {
	for name, s := range map[string]Security{
		"PLAIN in the open":    {Mechanism: "PLAIN", User: "u", Password: "p"},
		"no mechanism":         {User: "u", Password: "p"},
		"an unknown mechanism": {Mechanism: "MD5", User: "u", Password: "p"},
		"no such file":         {TLS: true, CAFile: "none.pem"},
	} {
		require.Error(t, Secure(s), name)
	}
	require.Nil(t, dialing.Load())
}

func FuzzInboxTopic(f *testing.F) {
	f.Add("bohai-ocean")
	f.Add("天津_x")
	f.Add("a/b.c")
	f.Fuzz(func(t *testing.T, firm string) {
		name, err := InboxTopic(firm)
		if err != nil {
			return
		}
		if back, ok := InboxFirm(name); !ok || back != firm {
			t.Fatalf("%q has the topic %q, which is that of %q, %v", firm, name, back, ok)
		}
		if back, ok := InboxFirm(firm); ok {
			if again, err := InboxTopic(back); err != nil || again != firm {
				t.Fatalf("%q is the topic of %q, and that is %q", firm, back, again)
			}
		}
	})
}

// TestJournal: what one instance writes all of them read, in one order, and nothing that is not signed by their key.
func TestJournal(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		key := []byte("a key that the instances share..")
		start := func(secret []byte) (*Journal, chan Note) {
			j := NewJournal(b.brokers, TopicAccess, secret, slog.New(slog.DiscardHandler))
			got := make(chan Note, 100)
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); _ = j.Run(ctx, func(n Note) { got <- n }) }()
			t.Cleanup(func() { stop(); <-done })
			<-j.CaughtUp()
			return j, got
		}
		one, gotOne := start(key)
		two, gotTwo := start(key)
		stranger, gotStranger := start([]byte("another key, as long as the first"))
		require.NoError(t, one.Append(t.Context(), Note{"a", []byte("1")}, Note{"b", []byte("2")}))
		require.Len(t, gotOne, 2, "what was appended is handled when Append returns")
		require.NoError(t, stranger.Put(t.Context(), Note{"a", []byte("evil")}))
		writeRaw(t, b, partition{TopicAccess, 0}, kafka.Message{Key: []byte("a"), Value: []byte("evil")})
		require.NoError(t, two.Append(t.Context(), Note{"a", nil}))
		for _, got := range []chan Note{gotOne, gotTwo} {
			require.Equal(t, Note{"a", []byte("1")}, <-got)
			require.Equal(t, Note{"b", []byte("2")}, <-got)
			n := <-got
			require.Equal(t, "a", n.Key)
			require.Nil(t, n.Value)
		}
		n := <-gotStranger
		require.Equal(t, "evil", string(n.Value), "the stranger reads its own alone")
		var read []Note
		require.NoError(t, ReadNotes(t.Context(), b.brokers, TopicAccess, key, 0, func(n Note) { read = append(read, n) }))
		require.Len(t, read, 3)
	})
}
