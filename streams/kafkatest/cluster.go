package kafkatest

import (
	"errors"
	"syscall"
	"testing"
)

// Cluster is three brokers of one cluster, each a controller too, of which any two go on without the third.
type Cluster struct{ Brokers []*Broker }

// StartCluster starts a cluster with empty logs on the loopback, or on three hosts of this machine. It skips the test, or
// fails it, where there are no jars. Whoever starts it stops it.
func StartCluster(t testing.TB, hosts ...string) *Cluster {
	t.Helper()
	if len(hosts) == 0 {
		hosts = loopback(3)
	}
	list, err := start(jars(t), hosts, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Cluster{list}
}

// Addrs are the addresses of all brokers.
func (c *Cluster) Addrs() []string {
	list := make([]string, len(c.Brokers))
	for i, b := range c.Brokers {
		list[i] = b.addr
	}
	return list
}

// Stop stops the brokers and removes their logs.
func (c *Cluster) Stop() error {
	var list []error
	for _, b := range c.Brokers { // at once: the last two would wait for a third to hand over to
		if b.process != nil {
			list = append(list, b.signal(syscall.SIGCONT), b.signal(syscall.SIGKILL))
		}
	}
	for _, b := range c.Brokers {
		list = append(list, b.Stop())
	}
	return errors.Join(list...)
}

// Kill ends the broker without warning.
func (b *Broker) Kill() error { return b.halt(syscall.SIGKILL) }

// Launch starts a broker that was killed on the same log and port, and does not wait until it answers.
func (b *Broker) Launch() error { return b.launch() }

// Await waits until the broker answers, and knows of all the others.
func (b *Broker) Await() error { return b.await(len(b.voters)) }

// Pause stops the broker in the middle of whatever it does; its connections stay. Resume lets it go on.
func (b *Broker) Pause() error { return b.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (b *Broker) Resume() error { return b.signal(syscall.SIGCONT) }

func (b *Broker) signal(s syscall.Signal) error { return b.process.Process.Signal(s) }
