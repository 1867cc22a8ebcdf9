package e2e

import (
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/streams/kafkatest"
)

// insistent is a client that sends a command again, with its key, until it is answered: of a service that goes and comes
// back it should see no more than that it takes a moment.
type insistent struct {
	f                *fleet
	asked, again     atomic.Int64
	stop, ended      chan struct{}
	longest, refused atomic.Int64 // ns; answers that a client could not foresee
}

func (f *fleet) insist() *insistent {
	c := &insistent{f: f, stop: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		for i := 0; !stopped(c.stop); i++ {
			begun := time.Now()
			key := fmt.Sprintf("insist-%d-%d", begun.UnixNano(), i)
			for {
				code, body := f.keyed("exporter", http.MethodPost, "/api/requests", key, newRequest(key))
				if code == http.StatusCreated {
					break
				}
				if code != 0 && code != http.StatusServiceUnavailable {
					c.refused.Add(1)
					f.t.Errorf("a client was answered %d: %s", code, body)
					return
				}
				if time.Since(begun) > wait {
					f.t.Errorf("no answer in %v", wait)
					return
				}
				c.again.Add(1)
				time.Sleep(50 * time.Millisecond)
			}
			c.asked.Add(1)
			c.longest.Store(max(c.longest.Load(), int64(time.Since(begun))))
			idle(c.stop, requestPause)
		}
	}()
	return c
}

func (c *insistent) end() {
	close(c.stop)
	<-c.ended
	c.f.t.Logf("%d commands were answered, the slowest after %v; %d were sent again", c.asked.Load(), time.Duration(c.longest.Load()).Round(time.Millisecond), c.again.Load())
}

// TestFaultsOnACluster has things happen to a cluster of three brokers and two instances under load: a broker and a leader
// that stand still for a while, a leader whose cable is pulled, each instance restarted in turn. A client that retries
// sees none of it, and the ledger is whole after each. It takes some minutes: HAIHE_CLUSTER_FAULTS=1 asks for it.
func TestFaultsOnACluster(t *testing.T) {
	if os.Getenv("HAIHE_CLUSTER_FAULTS") != "1" {
		t.Skip("HAIHE_CLUSTER_FAULTS=1 asks for it")
	}
	space, why := newNamespace(t)
	var hosts []string
	if space != nil {
		hosts = []string{space.outside, space.outside, space.outside}
	}
	c := kafkatest.StartCluster(t, hosts...)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	f := newFleetIn(t, space, c.Addrs(), 2, "--sample", "--feed-speed", "5", "--max-open", "0")
	f.at(1).links = f.at(0).links
	desk := newDesk()
	under := func(name string, fault func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			client := f.insist()
			stop, worked := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(worked)
				desk.work(f, uint64(time.Now().UnixNano()), stop)
			}()
			fault(t)
			close(stop)
			<-worked
			client.end()
			f.sound()
			f.lostNothing(desk)
		})
	}
	// overtaken waits until another than the one that led does.
	overtaken := func(t *testing.T, was int) {
		begun := time.Now()
		require.NotEqual(t, was, f.leader(was))
		t.Logf("another led after %v", time.Since(begun).Round(100*time.Millisecond))
	}

	under("each instance restarted", func(t *testing.T) {
		for i := range f.dirs {
			f.at(i).stop()
			f.start(i)
			f.at(i).taking()
		}
	})
	under("a broker stands still", func(t *testing.T) {
		b := c.Brokers[0]
		require.NoError(t, b.Pause())
		time.Sleep(6 * time.Second) // longer than the cluster waits for it
		require.NoError(t, b.Resume())
		require.NoError(t, b.Await())
	})
	under("the leader stands still", func(t *testing.T) {
		was := f.leader()
		s := f.at(was)
		require.NoError(t, s.cmd.Process.Signal(syscall.SIGSTOP))
		// The other is asked alone: a client that asks this one waits for it.
		overtaken(t, was)
		require.NoError(t, s.cmd.Process.Signal(syscall.SIGCONT))
		require.Eventually(t, func() bool { return s.standing().Role == "following" }, wait, 50*time.Millisecond)
	})
	if space == nil {
		t.Run("the leader is cut off", func(t *testing.T) { t.Skip(why) })
		return
	}
	under("the leader is cut off", func(t *testing.T) {
		if f.leader() == 1 { // the one in the namespace is to lead
			f.at(1).stop()
			f.start(1)
			f.at(1).taking()
			require.Equal(t, 0, f.leader())
		}
		s := f.at(0)
		space.plug(false)
		overtaken(t, 0)
		require.Eventually(t, func() bool { return space.role(s) == "following" }, wait, 200*time.Millisecond,
			"an instance that hears nothing does not go on leading")
		space.plug(true)
		require.Eventually(t, func() bool { return s.standing().LedgerEpoch == f.at(1).standing().LedgerEpoch }, wait, 50*time.Millisecond)
		require.Equal(t, "following", s.standing().Role)
	})
}
