package e2e

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// roundsOfALog is how many rounds of TestKilledAtAnyMoment go by on one log: with each there is more to plan and to read.
const roundsOfALog = 25

// TestKilledAtAnyMoment kills the service at random moments, from the first write of the sample on, while the feed
// runs, exporters submit requests, and hold, confirm and cancel what is matched. After each round, a program that shares
// nothing with the service adds up from the raw log that no room was sold twice; started again, every acknowledged
// command is there, none twice, and the state is what the log says. HAIHE_KILL_ROUNDS=1000 is what stands in the docs.
func TestKilledAtAnyMoment(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var early, requests, bookings, again int
	rounds := count("HAIHE_KILL_ROUNDS", 4)
	for done := 0; done < rounds; done += roundsOfALog {
		dir := t.TempDir()
		desk := newDesk()
		for round := range min(roundsOfALog, rounds-done) {
			if killedOnce(t, desk, dir, done+round, random) {
				early++
			}
		}
		s := serve(t, plain(), dir, killArgs...).ready()
		desk.lostNothing(s)
		requests, bookings, again = requests+len(desk.requests), bookings+len(desk.bookings), again+desk.again
		s.stop()
		haihe(t, nil, "ledger", "audit", "--data", dir)
		haihe(t, nil, "ledger", "verify", "--data", dir)
		if (done/roundsOfALog)%10 == 9 {
			t.Logf("%d rounds so far", done+roundsOfALog)
		}
	}
	t.Logf("%d rounds, %d of them ended before commands were taken; %d requests and %d bookings acknowledged, %d commands sent again, all there, none twice",
		rounds, early, requests, bookings, again)
	require.NotZero(t, requests)
	require.NotZero(t, bookings)
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
