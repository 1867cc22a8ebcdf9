package e2e

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// roundsOfALog is how many rounds of TestKilledAtAnyMoment go by on one log: with each there is more to plan and to read.
const roundsOfALog = 25

// TestKilledAtAnyMoment kills the service at random moments, from the first write of the sample on, while the feed
// runs, exporters submit requests, and hold, confirm and cancel what is matched. After each round, a program that shares
// nothing with the service adds up from the raw log that no room was sold twice; started again, every acknowledged
// command is there, none twice, and the state is what the log says. HAIHE_KILL_ROUNDS=1000 is what stands in the docs;
// -run TestKilledAtAnyMoment/logs/7 repeats the rounds on one of the logs.
func TestKilledAtAnyMoment(t *testing.T) {
	var early, requests, bookings, again, done atomic.Int64
	rounds := count("HAIHE_KILL_ROUNDS", 4)
	t.Run("logs", func(t *testing.T) { // returns when all have
		for log := 0; log*roundsOfALog < rounds; log++ {
			t.Run(strconv.Itoa(log), func(t *testing.T) {
				t.Parallel()
				dir, desk, random := t.TempDir(), newDesk(), rand.New(rand.NewPCG(1, uint64(log)))
				for round := log * roundsOfALog; round < min((log+1)*roundsOfALog, rounds); round++ {
					if killedOnce(t, desk, dir, round, random) {
						early.Add(1)
					}
					done.Add(1)
				}
				s := serve(t, plain(), dir, killArgs...).ready()
				desk.lostNothing(s)
				s.stop()
				haihe(t, nil, "ledger", "audit", "--data", dir)
				haihe(t, nil, "ledger", "verify", "--data", dir)
				requests.Add(int64(len(desk.requests)))
				bookings.Add(int64(len(desk.bookings)))
				again.Add(int64(desk.again))
				t.Logf("%d rounds so far; time on processors: %s", done.Load(), spending())
			})
		}
	})
	t.Logf("%d rounds, %d of them ended before commands were taken; %d requests and %d bookings acknowledged, %d commands sent again, all there, none twice",
		done.Load(), early.Load(), requests.Load(), bookings.Load(), again.Load())
	require.NotZero(t, requests.Load())
	require.NotZero(t, bookings.Load())
}

var killArgs = []string{"--sample", "--feed-speed", "20", "--hold-for", "20s", "--max-open", "0"}

// killedOnce starts the service on what the round before left, and kills it: of five rounds one at some moment of the
// start, the others after up to a dozen commands about bookings. It reports which.
func killedOnce(t *testing.T, desk *desk, dir string, round int, random *rand.Rand) (early bool) {
	s := serve(t, plain(), dir, killArgs...)
	if early = round%5 == 0; !early {
		s.taking()
		if round%5 == 2 {
			desk.lostNothing(s)
		}
	}
	stop, worked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(worked)
		desk.work(s, uint64(round), stop)
	}()
	if early {
		time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
		code, _ := s.call("", http.MethodGet, "/api/health", nil)
		early = code != http.StatusOK
	} else {
		// By what was done, not by the clock: a busy machine would be killed before anything happens.
		enough := desk.answered.Load() + random.Int64N(12)
		require.Eventually(t, func() bool { return desk.answered.Load() >= enough }, wait, time.Millisecond)
	}
	s.kill()
	close(stop)
	<-worked
	haihe(t, nil, "ledger", "audit", "--data", dir)
	haihe(t, nil, "ledger", "verify", "--data", dir)
	return early
}
