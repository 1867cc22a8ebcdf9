// Package kafkatest starts an Apache Kafka for tests: one broker in KRaft mode, on free ports of the loopback,
// from the jars that pom.xml names. They are fetched from the root of the project by
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
	dir, libs, addr string
	inside          string   // address without security, for the broker itself; addr if there is none
	secure          *secured // nil: anybody may do anything
	process         *exec.Cmd
	exited          chan struct{}
}

// Start starts a broker with an empty log. It skips the test, or fails it, where there are no jars. Whoever starts
// it stops it.
func Start(t testing.TB) *Broker {
	t.Helper()
	libs := os.Getenv(libsVariable)
	if libs == "" {
		if os.Getenv(requireVariable) == "1" {
			t.Fatalf("%s=1, but %s does not name the folder of Kafka's jars", requireVariable, libsVariable)
		}
		t.Skipf("%s does not name the folder of Kafka's jars; make test sets it", libsVariable)
	}
	b, err := start(libs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func start(libs string, secure *secured) (*Broker, error) {
	jars, err := filepath.Glob(filepath.Join(libs, "kafka_*.jar"))
	if err != nil || len(jars) == 0 {
		return nil, fmt.Errorf("there is no Kafka in %s (%s); fetch its jars with mvn -f streams/kafkatest/pom.xml dependency:copy-dependencies", libs, libsVariable)
	}
	dir, err := os.MkdirTemp("", "haihe-kafka-")
	if err != nil {
		return nil, err
	}
	b := &Broker{dir: dir, libs: libs, secure: secure}
	if err := errors.Join(b.configure(), b.format()); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := b.run(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return b, nil
}

// Addr is the HOST:PORT that clients connect to. It stays the same over a restart.
func (b *Broker) Addr() string { return b.addr }

// Restart stops the broker and starts it on the same log and port.
func (b *Broker) Restart(t testing.TB) {
	t.Helper()
	if err := b.halt(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := b.run(); err != nil {
		t.Fatal(err)
	}
}

// Stop stops the broker and removes its log.
func (b *Broker) Stop() error {
	return errors.Join(b.halt(syscall.SIGTERM), os.RemoveAll(b.dir))
}

func (b *Broker) configure() error {
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	b.addr = fmt.Sprintf("127.0.0.1:%d", ports[0])
	controller := fmt.Sprintf("127.0.0.1:%d", ports[1])
	b.inside = b.addr
	listeners := "PLAINTEXT://" + b.addr
	protocols := "PLAINTEXT:PLAINTEXT"
	var more []string
	if b.secure != nil {
		b.inside = fmt.Sprintf("127.0.0.1:%d", ports[2])
		listeners = "OUTSIDE://" + b.addr + ",INSIDE://" + b.inside
		protocols = "OUTSIDE:SASL_SSL,INSIDE:PLAINTEXT"
		if more, err = b.secure.properties(b.dir); err != nil {
			return err
		}
	}
	lines := []string{
		"process.roles=broker,controller",
		"node.id=1",
		"controller.quorum.voters=1@" + controller,
		"controller.listener.names=CONTROLLER",
		"listeners=" + listeners + ",CONTROLLER://" + controller,
		"advertised.listeners=" + listeners,
		"listener.security.protocol.map=" + protocols + ",CONTROLLER:PLAINTEXT",
		"log.dirs=" + filepath.Join(b.dir, "log"),
		"auto.create.topics.enable=false",
		"offsets.topic.replication.factor=1",
		"transaction.state.log.replication.factor=1",
		"transaction.state.log.min.isr=1",
		"share.coordinator.state.topic.replication.factor=1",
		"share.coordinator.state.topic.min.isr=1",
		"group.initial.rebalance.delay.ms=0",
		"num.network.threads=2",
		"num.io.threads=2",
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

func (b *Broker) format() error {
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return err
	}
	id[0] &= 0x7f // an id that begins with a dash would be taken for a flag
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	args := []string{"format", "-t", base64.RawURLEncoding.EncodeToString(id), "-c", b.config()}
	if b.secure != nil {
		args = append(args, b.secure.users()...)
	}
	cmd := b.java(ctx, "kafka.tools.StorageTool", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("formatting the log of Kafka: %w\n%s", err, out)
	}
	return nil
}

func (b *Broker) run() error {
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
	if err := b.await(); err != nil {
		said, _ := os.ReadFile(b.output())
		return errors.Join(fmt.Errorf("%w\n%s", err, said), b.halt(syscall.SIGKILL))
	}
	return nil
}

// await returns when the broker answers.
func (b *Broker) await() error {
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
		if b.answers(ctx) {
			return nil
		}
	}
}

func (b *Broker) answers(ctx context.Context) bool {
	conn, err := kafka.DialContext(ctx, "tcp", b.inside)
	if err != nil {
		return false
	}
	defer conn.Close()
	brokers, err := conn.Brokers()
	return err == nil && len(brokers) == 1
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
