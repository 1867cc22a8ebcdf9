package streams

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// DefaultEmbeddedAddr is where the embedded broker listens unless told otherwise. It is not 9092, so that a Kafka
// of the machine's own stays undisturbed.
const DefaultEmbeddedAddr = "127.0.0.1:19092"

// embeddedPrefix begins the cluster id of every embedded broker. The rest is drawn when its directory is first
// used, so that a log is known by its id.
const embeddedPrefix = "haihe-embedded-"

// Embedded is a Kafka broker inside this process. Any Kafka client can use its socket. Its log is a directory;
// every write is synced to the disk before it is acknowledged. One process at a time may use a directory. The broker
// forgives a damaged log and forgets what follows the damage; StartEmbedded does not (logfiles.go, seal.go). Nor does it
// look whether a sync fails; the producers of this process do (kept.go), others are told by the broker alone.
type Embedded struct {
	addr    string
	dir     string
	cluster *kfake.Cluster
	lock    *os.File
	keeper  *keeper
}

// StartEmbedded starts a broker whose log is in dir, made if it is missing, and which listens on addr, a loopback
// HOST:PORT; port 0 takes a free one. An error says which of the two is in the way and what to do; it wraps
// ErrLogDamaged where files of the log are not as they were written.
func StartEmbedded(dir, addr string) (e *Embedded, _ error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("streams: the broker's address %q is not HOST:PORT; use for example %s: %w", addr, DefaultEmbeddedAddr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("streams: the embedded broker knows no passwords and listens on loopback only, not on %q; use for example %s, or a Kafka of your own", addr, DefaultEmbeddedAddr)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	faults, err := CheckLog(dir)
	if err == nil {
		err = damaged(faults)
	}
	closedWell := false
	if err == nil {
		closedWell, err = breakSeal(dir)
	}
	var keeper *keeper
	if err == nil {
		if keeper, err = openKeeper(dir, closedWell); err != nil {
			err = fmt.Errorf("streams: opening the log in %s: %w: %w; see to the disk", dir, ErrNotKept, err)
		}
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	defer func() {
		if e == nil {
			_ = keeper.close() // it says nothing that the error does not
		}
	}()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		lock.Close()
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("streams: the port of %s is taken, perhaps by another Haihe; stop that program or choose another port: %w", addr, err)
		}
		return nil, fmt.Errorf("streams: the embedded broker cannot listen on %s; choose another port: %w", addr, err)
	}
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		lock.Close()
		listener.Close()
		return nil, fmt.Errorf("streams: drawing the id of a log: %w", err)
	}
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return listener, nil }),
		kfake.ClusterID(embeddedPrefix+hex.EncodeToString(id)),
		kfake.DataDir(filepath.Join(dir, logDir)),
		kfake.SyncWrites(),
		kfake.WithLogger(brokerLog{}),
	)
	if err != nil {
		lock.Close()
		listener.Close()
		return nil, fmt.Errorf("streams: the log in %s cannot be opened; put back a backup of it, or move it away to begin anew: %w", dir, err)
	}
	e = &Embedded{addr: listener.Addr().String(), dir: dir, cluster: cluster, lock: lock, keeper: keeper}
	keepers.Store(e.addr, keeper)
	return e, nil
}

// KeepLedger returns when all that has been read of the ledger is on the disk. Its error wraps ErrNotKept.
func (e *Embedded) KeepLedger() error { return e.keeper.keep(partition{TopicBookings, 0}, -1) }

// Lost is closed when the disk did not keep something of the log: nothing more will be confirmed, and Close says why.
func (e *Embedded) Lost() <-chan struct{} { return e.keeper.lost }

// KeepState copies what says which log it is and which topics it has, so that damage to that shows after a crash too, and
// returns when all of it is on the disk by its name. It is for after EnsureTopics.
func (e *Embedded) KeepState() error {
	if err := e.keeper.keepFolders(); err != nil {
		return fmt.Errorf("streams: the folders of the log in %s: %w: %w; see to the disk", e.dir, ErrNotKept, err)
	}
	return keepState(e.dir)
}

// Addr is the HOST:PORT that clients connect to.
func (e *Embedded) Addr() string { return e.addr }

// Close stops the broker, with everything on the disk and sealed, and frees port and directory. The watermark must be
// closed by then.
func (e *Embedded) Close() error {
	e.cluster.Close()
	keepers.Delete(e.addr)
	err := e.keeper.close()
	if err == nil { // what may not be on the disk is not vouched for
		err = seal(e.dir)
	}
	return errors.Join(err, e.lock.Close()) // the lock goes with the file
}

// lockDir makes a directory if it is missing, checks that it can be written to, and keeps other processes out.
func lockDir(dir string) (*os.File, error) {
	if err := MakeDir(dir); err != nil {
		return nil, fmt.Errorf("streams: the directory of the log, %s, cannot be made; choose another or let this user write there: %w", dir, err)
	}
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("streams: the directory of the log, %s, cannot be written to; choose another or let this user write there: %w", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("streams: the directory of the log, %s, is in use by another process; stop that or choose another directory: %w", dir, err)
	}
	return f, nil
}

// brokerLog passes on what the broker warns of.
type brokerLog struct{}

func (brokerLog) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		slog.Error("embedded broker: " + fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		slog.Warn("embedded broker: " + fmt.Sprintf(format, args...))
	default:
		slog.Log(context.Background(), slog.LevelDebug, "embedded broker: "+fmt.Sprintf(format, args...))
	}
}
