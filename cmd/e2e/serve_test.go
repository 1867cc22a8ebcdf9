package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
	"haihe/streams"
	"haihe/streams/kafkatest"
)

// brokers runs a test on the embedded broker and on a real Kafka.
func brokers(t *testing.T, test func(t *testing.T, args ...string)) {
	t.Run("embedded", func(t *testing.T) { test(t) })
	t.Run("kafka", func(t *testing.T) {
		b := kafkatest.Start(t)
		t.Cleanup(func() { require.NoError(t, b.Stop()) })
		test(t, "--brokers", b.Addr())
	})
}

func TestStopsAndGoesOn(t *testing.T) {
	brokers(t, func(t *testing.T, args ...string) {
		dir := t.TempDir()
		args = append(args, "--sample")
		s := serve(t, raced(), dir, args...).ready()
		code, _ := s.call("", http.MethodGet, "/signin?token="+s.links["exporter"], nil)
		require.Equal(t, http.StatusOK, code, "the link leads to the page")
		first := s.watch("exporter")
		require.NotEmpty(t, first.entities["departure"])
		require.NotEmpty(t, first.entities["request"])
		require.NotEmpty(t, first.entities["match"])
		s.sameAsReplay()
		s.stop()

		s = serve(t, raced(), dir, args...).ready()
		s.sameAsReplay()
		again := s.watch("exporter")
		again.until("a plan of this run", func() bool { return again.plan.Epoch > first.plan.Epoch }) // the last one is shown until then
		for id := range first.entities["request"] {
			require.Contains(t, again.entities["request"], id)
		}
		s.stop()
	})
}

// TestOutsideEventsReachTheBrowser delays sailings through a Kafka client that knows nothing of Haihe, and waits for
// the plan that follows from it on a websocket.
func TestOutsideEventsReachTheBrowser(t *testing.T) {
	brokers(t, func(t *testing.T, args ...string) {
		s := serve(t, plain(), t.TempDir(), append(args, "--sample", "--feed-speed", "0.0001")...).ready()
		w := s.watch("commission")
		p := get[planner.Problem](s, "operator", "/api/problem")
		n := count("HAIHE_LATENCY_EVENTS", 5)
		var took []time.Duration
		for i := range n {
			d := p.Departures[(i*37)%len(p.Departures)]
			before := w.plan
			topic := streams.TopicRoutes
			if d.Mode == planner.ModeAir {
				topic = streams.TopicFlights
			}
			hours := float64(5 + i%7)
			begun := time.Now()
			s.tell(i, topic, d, hours)
			w.until("the plan after a delay", func() bool {
				var now planner.DepartureStatus
				return w.entity("departure", d.ID, &now) && now.DelayHours == hours && w.plan != before
			})
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		t.Logf("event written to plan seen, %d events: p50 %v, p95 %v, most %v", n, took[n/2], took[min(n-1, n*95/100)], took[n-1])
	})
}

// tell delays a departure, by kcat where it is installed, else by kafka-go.
func (s *service) tell(i int, topic string, d planner.Departure, hours float64) {
	key, subject := "departure:"+d.ID+":delay", "departure:"+d.ID
	payload := fmt.Sprintf(`{"departure":%q,"mode":%q,"delay_hours":%g,"reason":"fog"}`, d.ID, d.Mode, hours)
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		s.say("DepartureDelayed", topic, key, subject, payload)
		return
	}
	now := time.Now()
	args := []string{"-P", "-b", s.kafka, "-t", topic, "-k", key, "-X", "partitioner=murmur2_random", "-X", "linger.ms=0"}
	for _, h := range []string{"ce_specversion=1.0", fmt.Sprintf("ce_id=kcat-%d-%d", i, now.UnixNano()), "ce_source=/firms/outside", "ce_type=haihe.DepartureDelayed",
		"ce_time=" + now.UTC().Format(time.RFC3339), "ce_subject=" + subject, fmt.Sprint("ce_sequence=", now.UnixMicro()), "content-type=application/json"} {
		args = append(args, "-H", h)
	}
	cmd := exec.Command(kcat, args...)
	cmd.Stdin = strings.NewReader(payload)
	out, err := cmd.CombinedOutput()
	require.NoError(s.t, err, "%s", out)
}

func count(variable string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func TestBadRecordsHarmNothing(t *testing.T) {
	s := serve(t, raced(), t.TempDir(), "--sample", "--feed-speed", "0.0001").ready()
	good := `{"departure":"D","mode":"sea","delay_hours":3}`
	bad := []string{`{"departure":`, `[]`, ``, `null`, "\xff\xfe", strings.Replace(good, "3", `"3"`, 1), strings.Replace(good, "3", "NaN", 1),
		strings.Replace(good, "3", "1e999", 1), strings.Replace(good, `"mode"`, `"Mode"`, 1), strings.Replace(good, "{", `{"extra":1,`, 1),
		strings.Replace(good, `"D"`, `"`+strings.Repeat("x", 900_000)+`"`, 1)}
	for _, b := range bad {
		s.say("DepartureDelayed", streams.TopicRoutes, "departure:D:delay", "departure:D", b)
	}
	s.say("ShipSunk", streams.TopicRoutes, "departure:D:delay", "departure:D", good)
	s.say("DepartureDelayed", streams.TopicRequests, "departure:D:delay", "departure:D", good)
	s.write(streams.TopicRoutes, "x", good, nil)
	letters := func() []struct {
		Reason string `json:"reason"`
	} {
		return get[[]struct {
			Reason string `json:"reason"`
		}](s, "operator", "/api/dead-letters?limit=1000")
	}
	require.Eventually(t, func() bool { return len(letters()) == len(bad)+3 }, wait, 50*time.Millisecond)
	for _, l := range letters() {
		require.NotEmpty(t, l.Reason)
		require.Less(t, len(l.Reason), 2100, "a reason repeats what was sent")
	}
	// What is right but refers to nothing is kept, and told.
	s.say("DepartureDelayed", streams.TopicRoutes, "departure:D:delay", "departure:D", good)
	require.Eventually(t, func() bool {
		_, body := s.call("", http.MethodGet, "/api/health", nil)
		return strings.Contains(string(body), "departure D: facts are known about it, but it was never scheduled")
	}, wait, 100*time.Millisecond)
	p := get[planner.Problem](s, "operator", "/api/problem")
	s.tell(0, streams.TopicRoutes, p.Departures[len(p.Departures)-1], 4) // the stream goes on
	s.sameAsReplay()
	s.stop()
}

// TestTheSamePlanElsewhere: the problem that the service exports gives, solved by the command, the service's plan.
func TestTheSamePlanElsewhere(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, plain(), dir, "--sample", "--feed-speed", "0.0001").ready()
	file := filepath.Join(dir, "problem.json")
	problem := haihe(t, nil, "export", "--data", dir, "--server", s.base)
	require.NoError(t, os.WriteFile(file, problem, 0o600))
	out := haihe(t, nil, "solve", file)
	var solved planner.Plan
	require.NoError(t, json.Unmarshal(out, &solved))
	solved.Seconds = 0
	// The service shows a quick plan first, and this one when its thorough search is through.
	require.Eventually(t, func() bool {
		var plan planner.Plan
		require.NoError(t, json.Unmarshal(haihe(t, nil, "export", "--plan", "--data", dir, "--server", s.base), &plan))
		plan.Seconds = 0
		return reflect.DeepEqual(solved, plan)
	}, wait, 200*time.Millisecond)
	require.Equal(t, problem, haihe(t, nil, "export", "--data", dir, "--server", s.base), "nothing happened meanwhile")
	planFile := filepath.Join(dir, "plan.json")
	require.NoError(t, os.WriteFile(planFile, out, 0o600))
	t.Logf("%s", haihe(t, nil, "check", file, planFile))

	// Imported into an empty service, it is planned there.
	other := serve(t, plain(), t.TempDir())
	haihe(t, bytes.NewReader(must(os.ReadFile(file))), "import", "--brokers", other.kafka, "-")
	w := other.watch("commission")
	w.until("a plan of the imported network", func() bool {
		var h planner.PlanSummary
		return w.entity("plan", "current", &h) && h.Requests > 0 && h.Matched > 0
	})
	other.stop()
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}
