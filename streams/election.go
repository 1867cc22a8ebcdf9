package streams

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	// electionGroup is the consumer group by which the instances on a cluster find who leads.
	electionGroup = "haihe"
	// electionSession is how long an instance may be silent before another is to lead. It is the least that Kafka's
	// brokers allow unless they are told otherwise.
	electionSession = 6 * time.Second
	// electionBeat is how often an instance says that it is there, and so how soon it hears that it is to lead.
	electionBeat    = 500 * time.Millisecond
	electionTimeout = 3 * time.Second // of one request, but those that wait for other instances
	electionPause   = 300 * time.Millisecond
)

// Election is what Elect works with.
type Election struct {
	Brokers []string
	// Epoch is that of the ledger while this instance leads, else 0. Who leads is elected again.
	Epoch func() uint64
	// Lead is called when this instance is to lead. Its context ends when it no longer is, and Elect waits for it to
	// return before it stands again.
	Lead   func(context.Context)
	Logger *slog.Logger // slog.Default() if nil
}

// Elect stands for the lead among the instances on a cluster until ctx is done, then gives it up, so that another has it
// at once. Of all that stand one is elected; of an instance that died the others learn within electionSession. What
// Elect says is a suggestion, and two may be elected for a moment: what counts is who began the last epoch of the ledger.
func Elect(ctx context.Context, e Election) error {
	if e.Logger == nil {
		e.Logger = slog.Default()
	}
	s := &standing{Election: e, brokers: slices.Clone(e.Brokers)}
	defer s.release()
	for ctx.Err() == nil {
		if err := s.stand(ctx); err != nil && ctx.Err() == nil {
			e.Logger.Debug("the brokers do not answer who leads; asking again", "error", err)
		}
		// The client asks the first of the brokers alone as long as that takes connections.
		s.brokers = append(s.brokers[1:], s.brokers[0])
		sleep(ctx, electionPause)
	}
	return ctx.Err()
}

// standing is an instance in the election.
type standing struct {
	Election
	brokers []string
	end     context.CancelFunc // of the lead; nil while another has it
	ended   chan struct{}      // closed when Lead has returned
	until   time.Time          // the lead is kept without word from the group until then; zero: there is word
}

// stand is a member of the group until something goes wrong, or ctx is done.
func (s *standing) stand(ctx context.Context) error {
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: electionGroup, Brokers: s.brokers, Topics: []string{TopicBookings},
		GroupBalancers:    []kafka.GroupBalancer{incumbent{s.Epoch}},
		Dialer:            &kafka.Dialer{ClientID: "haihe", Timeout: electionTimeout},
		SessionTimeout:    electionSession,
		RebalanceTimeout:  electionSession,
		HeartbeatInterval: electionBeat,
		JoinGroupBackoff:  electionPause,
		Timeout:           electionTimeout,
	})
	if err != nil {
		return err
	}
	defer s.leave(ctx, group)
	for {
		generation, err := s.next(ctx, group)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, kafka.RebalanceInProgress):
			continue
		case err != nil:
			return err
		}
		s.until = time.Time{}
		if len(generation.Assignments[TopicBookings]) > 0 {
			s.take()
		} else {
			s.release()
		}
		over := make(chan struct{})
		generation.Start(func(running context.Context) {
			<-running.Done()
			close(over)
		})
		select {
		case <-over:
			s.until = time.Now().Add(electionSession)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next waits for the next word from the group. The lead is kept meanwhile, for most often the word is to go on; but not
// for longer than it takes until another may have it.
func (s *standing) next(ctx context.Context, group *kafka.ConsumerGroup) (*kafka.Generation, error) {
	if s.end != nil && !s.until.IsZero() {
		kept, cancel := context.WithDeadline(ctx, s.until)
		generation, err := group.Next(kept)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return generation, err
		}
		s.Logger.Warn("no word from the brokers that this instance still leads; another may")
		s.release()
	}
	return group.Next(ctx)
}

// leave gives the lead up first where ctx is done, then leaves the group; a broker that does not answer is not waited for.
func (s *standing) leave(ctx context.Context, group *kafka.ConsumerGroup) {
	if ctx.Err() != nil {
		s.release()
	}
	left := make(chan struct{})
	go func() {
		_ = group.Close() // the group finds out by itself whatever this one cannot tell it
		close(left)
	}()
	select {
	case <-left:
	case <-time.After(electionTimeout):
	}
}

func (s *standing) take() {
	if s.end != nil {
		return
	}
	// Not a child of Elect's context: release ends it, in its place in the order of things.
	ctx, cancel := context.WithCancel(context.Background())
	s.end, s.ended = cancel, make(chan struct{})
	go func(ended chan struct{}) {
		defer close(ended)
		s.Lead(ctx)
	}(s.ended)
}

func (s *standing) release() {
	if s.end != nil {
		s.end()
		<-s.ended
		s.end = nil
	}
}

// incumbent elects who leads by the highest epoch, or whoever comes first where nobody does.
type incumbent struct{ epoch func() uint64 }

// ProtocolName names the rule.
func (incumbent) ProtocolName() string { return "haihe-incumbent" }

// UserData is what a member says of itself: its epoch.
func (i incumbent) UserData() ([]byte, error) { return strconv.AppendUint(nil, i.epoch(), 10), nil }

// AssignGroups gives the only partition to one of the members.
func (incumbent) AssignGroups(members []kafka.GroupMember, _ []kafka.Partition) kafka.GroupMemberAssignments {
	given := kafka.GroupMemberAssignments{}
	var elected string
	var most uint64
	slices.SortFunc(members, func(a, b kafka.GroupMember) int { return strings.Compare(a.ID, b.ID) })
	for _, m := range members {
		given[m.ID] = map[string][]int{TopicBookings: {}}
		epoch, err := strconv.ParseUint(string(m.UserData), 10, 64)
		if err != nil {
			epoch = 0
		}
		if elected == "" || epoch > most {
			elected, most = m.ID, epoch
		}
	}
	if elected != "" {
		given[elected][TopicBookings] = []int{0}
	}
	return given
}
