// Package kafkatest starts an Apache Kafka for tests: a broker in KRaft mode, or a cluster of three, on free ports of the
// loopback, from the jars that pom.xml names. They are fetched from the root of the project by
//
//	mvn -q -B -f streams/kafkatest/pom.xml dependency:copy-dependencies -DoutputDirectory=$PWD/.cache/kafka/libs
//
// and found through HAIHE_KAFKA_LIBS, the folder that holds them. Without it tests are skipped; where
// HAIHE_REQUIRE_KAFKA=1 they fail instead.
package kafkatest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	libsVariable    = "HAIHE_KAFKA_LIBS"
	requireVariable = "HAIHE_REQUIRE_KAFKA"

	// A Kafka of its own on a busy machine takes some seconds to start and to stop; these only end a test that
	// would hang.
	startTimeout = 5 * time.Minute
	stopTimeout  = 2 * time.Minute
)

// Broker is a Kafka that runs, or has been stopped.
type Broker struct {
	dir, libs string
	node      int
	addr      string   // of clients
	inside    string   // address without security, for the broker itself; addr if there is none
	secure    *secured // nil: anybody may do anything
	voters    []string
	process   *exec.Cmd
	exited    chan struct{}
}

// Start starts a broker with an empty log. It skips the test, or fails it, where there are no jars. Whoever starts
// it stops it.
func Start(t testing.TB) *Broker {
	t.Helper()
	list, err := start(jars(t), loopback(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// jars is the folder of Kafka's jars.
func jars(t testing.TB) string {
	t.Helper()
	libs := os.Getenv(libsVariable)
	if libs == "" {
		if os.Getenv(requireVariable) == "1" {
			t.Fatalf("%s=1, but %s does not name the folder of Kafka's jars", requireVariable, libsVariable)
		}
		t.Skipf("%s does not name the folder of Kafka's jars; make test sets it", libsVariable)
	}
	return libs
}

func loopback(n int) []string {
	hosts := make([]string, n)
	for i := range hosts {
		hosts[i] = "127.0.0.1"
	}
	return hosts
}

// start starts a broker on each of some hosts, all of one cluster. With secure clients must say who they are.
func start(libs string, hosts []string, secure *secured) (list []*Broker, err error) {
	jars, err := filepath.Glob(filepath.Join(libs, "kafka_*.jar"))
	if err != nil || len(jars) == 0 {
		return nil, fmt.Errorf("there is no Kafka in %s (%s); fetch its jars with mvn -f streams/kafkatest/pom.xml dependency:copy-dependencies", libs, libsVariable)
	}
	defer func() {
		if err != nil {
			for _, b := range list {
				err = errors.Join(err, b.Stop())
			}
		}
	}()
	ports, err := freePorts(3 * len(hosts))
	if err != nil {
		return nil, err
	}
	var voters []string
	for i, host := range hosts {
		voters = append(voters, fmt.Sprintf("%d@%s:%d", i+1, host, ports[3*i+1]))
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	id[0] &= 0x7f // an id that begins with a dash would be taken for a flag
	for i, host := range hosts {
		dir, err := os.MkdirTemp("", "haihe-kafka-")
		if err != nil {
			return list, err
		}
		b := &Broker{dir: dir, libs: libs, node: i + 1, addr: fmt.Sprintf("%s:%d", host, ports[3*i]), voters: voters, secure: secure}
		if b.inside = b.addr; secure != nil {
			b.inside = fmt.Sprintf("%s:%d", host, ports[3*i+2])
		}
		list = append(list, b)
		if err := errors.Join(b.configure(), b.format(base64.RawURLEncoding.EncodeToString(id))); err != nil {
			return list, err
		}
	}
	for _, b := range list {
		if err := b.launch(); err != nil {
			return list, err
		}
	}
	for _, b := range list {
		if err := b.await(len(list)); err != nil {
			return list, err
		}
	}
	return list, nil
}

// Addr is the HOST:PORT that clients connect to. It stays the same over a restart.
func (b *Broker) Addr() string { return b.addr }

// Restart stops the broker and starts it on the same log and port.
func (b *Broker) Restart(t testing.TB) {
	t.Helper()
	if err := b.halt(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.launch(), b.await(1)); err != nil {
		t.Fatal(err)
	}
}

// Stop stops the broker and removes its log.
func (b *Broker) Stop() error {
	return errors.Join(b.halt(syscall.SIGTERM), os.RemoveAll(b.dir))
}

func (b *Broker) configure() error {
	controller := strings.TrimPrefix(b.voters[b.node-1], fmt.Sprint(b.node, "@"))
	replicas := fmt.Sprint(len(b.voters))
	insync := fmt.Sprint(max(1, len(b.voters)-1))
	listeners := "PLAINTEXT://" + b.addr
	protocols := "PLAINTEXT:PLAINTEXT"
	var more []string
	if b.secure != nil {
		listeners = "OUTSIDE://" + b.addr + ",INSIDE://" + b.inside
		protocols = "OUTSIDE:SASL_SSL,INSIDE:PLAINTEXT"
		var err error
		if more, err = b.secure.properties(b.dir); err != nil {
			return err
		}
	}
	lines := []string{
		"process.roles=broker,controller",
		fmt.Sprint("node.id=", b.node),
		"controller.quorum.voters=" + strings.Join(b.voters, ","),
		"controller.listener.names=CONTROLLER",
		"listeners=" + listeners + ",CONTROLLER://" + controller,
		"advertised.listeners=" + listeners,
		"listener.security.protocol.map=" + protocols + ",CONTROLLER:PLAINTEXT",
		"log.dirs=" + filepath.Join(b.dir, "log"),
		"auto.create.topics.enable=false",
		"offsets.topic.replication.factor=" + replicas,
		"transaction.state.log.replication.factor=" + replicas,
		"transaction.state.log.min.isr=" + insync,
		"share.coordinator.state.topic.replication.factor=" + replicas,
		"share.coordinator.state.topic.min.isr=" + insync,
		"group.initial.rebalance.delay.ms=0",
		"num.network.threads=2",
		"num.io.threads=2",
		"offsets.topic.num.partitions=5", // as many as the groups of the tests can use
		// Another takes over sooner than usual (9 s), yet not from a broker that only waits for a busy machine: then they
		// take over from each other without end, and none gets anything done. The same of the controllers (2 s, 1 s).
		"broker.session.timeout.ms=6000",
		"controller.quorum.fetch.timeout.ms=5000",
		"controller.quorum.election.timeout.ms=2000",
		"broker.heartbeat.interval.ms=500",
		"log.cleaner.dedupe.buffer.size=4194304",
	}
	lines = append(lines, more...)
	return os.WriteFile(b.config(), []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

func (b *Broker) config() string { return filepath.Join(b.dir, "server.properties") }
func (b *Broker) output() string { return filepath.Join(b.dir, "output.txt") }

func (b *Broker) java(ctx context.Context, class string, args ...string) *exec.Cmd {
	flags := []string{"-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(b.libs, "*"), class}
	return exec.CommandContext(ctx, "java", append(flags, args...)...)
}

func (b *Broker) format(cluster string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	args := []string{"format", "-t", cluster, "-c", b.config()}
	if b.secure != nil {
		args = append(args, b.secure.users()...)
	}
	cmd := b.java(ctx, "kafka.tools.StorageTool", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("formatting the log of Kafka: %w\n%s", err, out)
	}
	return nil
}

// launch starts the broker's process.
func (b *Broker) launch() error {
	out, err := os.OpenFile(b.output(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := b.java(context.Background(), "kafka.Kafka", b.config())
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting Kafka: %w", err)
	}
	b.process, b.exited = cmd, make(chan struct{})
	go func(exited chan struct{}) {
		_ = cmd.Wait() // why it ended stands in its output
		close(exited)
	}(b.exited)
	return nil
}

// await returns when the broker answers, and knows of a number of brokers that do.
func (b *Broker) await(brokers int) error {
	err := b.awaitAnswer(brokers)
	if err == nil {
		return nil
	}
	said, _ := os.ReadFile(b.output())
	return errors.Join(fmt.Errorf("%w\n%s", err, said), b.halt(syscall.SIGKILL))
}

func (b *Broker) awaitAnswer(brokers int) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		select {
		case <-b.exited:
			return errors.New("kafkatest: the broker ended before it answered")
		case <-ctx.Done():
			return fmt.Errorf("kafkatest: the broker did not answer in %v", startTimeout)
		case <-time.After(100 * time.Millisecond):
		}
		if b.answers(ctx, brokers) {
			return nil
		}
	}
}

func (b *Broker) answers(ctx context.Context, brokers int) bool {
	conn, err := kafka.DialContext(ctx, "tcp", b.inside)
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return false
	}
	known, err := conn.Brokers()
	return err == nil && len(known) >= brokers
}

func (b *Broker) halt(signal syscall.Signal) error {
	if b.process == nil {
		return nil
	}
	process := b.process.Process
	b.process = nil
	if err := process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-b.exited:
		return nil
	case <-time.After(stopTimeout):
		err := process.Kill()
		<-b.exited
		return err
	}
}

// freePorts finds ports of the loopback that nobody listens on just now.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
