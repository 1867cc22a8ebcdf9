package e2e

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/streams/kafkatest"
)

const (
	// roundsOfACluster is how many rounds of TestAnyOfFiveKilled go by on one log: with each there is more to plan and to read.
	roundsOfACluster = 25
	// requestsOfARound is how many requests come in a round at most, however long a busy machine takes for it.
	requestsOfARound = 20
)

// TestAnyOfFiveKilled kills, at random moments under load, any of three brokers and two instances, and starts it again
// while the others go on. After each round a program that shares nothing with the service adds up from the raw log that
// no room was sold twice; every tenth, and in the end, each command that an instance acknowledged is known to both, none
// of it twice or out of its order, and their state is what the log says. HAIHE_CLUSTER_ROUNDS=200 is what stands in the
// docs.
func TestAnyOfFiveKilled(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	rounds := count("HAIHE_CLUSTER_ROUNDS", 3)
	for done := 0; done < rounds; done += roundsOfACluster {
		killAnyOfFive(t, random, min(roundsOfACluster, rounds-done))
	}
}

func killAnyOfFive(t *testing.T, random *rand.Rand, rounds int) {
	c := kafkatest.StartCluster(t)
	defer func() { require.NoError(t, c.Stop()) }()
	f := newFleet(t, c.Addrs(), 2, "--sample", "--feed-speed", "5", "--hold-for", "1m", "--max-open", "0")
	f.at(1).links = f.at(0).links
	desk := newDesk()
	desk.most = requestsOfARound
	brokers, instances := 0, 0
	for round := range rounds {
		begun := time.Now()
		stop, worked := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(worked)
			desk.work(f, uint64(round), stop)
		}()
		time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
		away := time.Duration(random.Int64N(int64(2 * time.Second)))
		if victim := random.IntN(len(c.Brokers) + len(f.dirs)); victim < len(c.Brokers) {
			brokers++
			b := c.Brokers[victim]
			require.NoError(t, b.Kill())
			time.Sleep(away)
			require.NoError(t, b.Launch())
			require.NoError(t, b.Await())
		} else {
			instances++
			i := victim - len(c.Brokers)
			f.at(i).kill()
			time.Sleep(away)
			f.start(i)
			f.at(i).taking()
		}
		time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
		require.Eventually(t, desk.booked, wait, time.Millisecond) // a busy machine takes longer for the first
		close(stop)
		<-worked
		f.sound()
		if round%10 == 9 {
			f.lostNothing(desk)
		}
		t.Logf("round %d: %v; %d requests and %d bookings acknowledged so far", round+1, time.Since(begun).Round(time.Second), len(desk.requests), len(desk.bookings))
	}
	f.lostNothing(desk)
	t.Logf("%d brokers and %d instances killed; %d requests and %d bookings acknowledged, %d commands sent again, all there, none twice\n%s",
		brokers, instances, len(desk.requests), len(desk.bookings), desk.again, f.sound())
	t.Log(spending())
	require.NotEmpty(t, desk.requests)
	require.NotEmpty(t, desk.bookings)
	for i := range f.dirs {
		f.at(i).stop()
	}
}

// lostNothing checks that both know all that was acknowledged.
func (f *fleet) lostNothing(d *desk) {
	f.t.Helper()
	for i := range f.dirs {
		s := f.at(i)
		// What another instance acknowledged last may still be on its way to this one.
		_, _ = s.call("exporter", "GET", "/api/bookings/none", nil)
		d.lostNothing(s)
	}
}
