package streams

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"haihe/planner"
)

// Raw is a record as it stands in the log.
type Raw struct {
	Topic     string
	Partition int
	Offset    int64
	Time      time.Time
	Key       []byte
	Headers   map[string]string
	Value     []byte
}

func raw(m kafka.Message) Raw {
	r := Raw{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Time: m.Time, Key: m.Key, Value: m.Value, Headers: map[string]string{}}
	for _, h := range m.Headers {
		r.Headers[h.Key] = string(h.Value)
	}
	return r
}

// ReadRaw reads topics from a cluster, each partition from its first record to its end as it stood.
func ReadRaw(ctx context.Context, brokers, topics []string, each func(Raw)) error {
	return readMessages(ctx, brokers, topics, func(m kafka.Message) { each(raw(m)) })
}

func readMessages(ctx context.Context, brokers, topics []string, each func(kafka.Message)) error {
	c := newClient(brokers)
	defer c.close()
	var found map[partition]bounds
	err := c.retry(ctx, connectTimeout, func(ctx context.Context, k *kafka.Client) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		list, err := c.partitions(ctx, k, topics)
		if err != nil {
			return err
		}
		found, err = c.offsets(ctx, k, list)
		return err
	})
	if err != nil {
		return fmt.Errorf("streams: reading where the topics begin and end: %w", err)
	}
	for _, p := range partitionsOf(found) {
		if err := c.readAll(ctx, p, found[p], each); err != nil {
			return err
		}
	}
	return nil
}

// ReadRawFiles reads topics from the log of an embedded broker that nobody has open, each partition as far as it is
// whole.
func ReadRawFiles(dir string, topics []string, each func(Raw)) error {
	return readFiles(dir, topics, func(m kafka.Message) { each(raw(m)) })
}

func readFiles(dir string, topics []string, each func(kafka.Message)) error {
	list, err := segments(dir)
	if err != nil {
		return err
	}
	for _, s := range list {
		folder := filepath.Base(filepath.Dir(s.file))
		dash := strings.LastIndexByte(folder, '-')
		if dash < 0 || !slices.Contains(topics, folder[:dash]) {
			continue
		}
		id, err := strconv.Atoi(folder[dash+1:])
		if err != nil {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, s.file))
		if err != nil {
			return fmt.Errorf("streams: reading the log: %w", err)
		}
		batches, _ := scanSegment(b, s.base)
		for _, x := range batches {
			messages, err := batchMessages(b[x.at:x.end])
			if err != nil {
				return fmt.Errorf("streams: %s, byte %d: %w", s.file, x.at, err)
			}
			for _, m := range messages {
				m.Topic, m.Partition = folder[:dash], id
				each(m)
			}
		}
	}
	return nil
}

// batchMessages reads the records of a batch as it stands in a segment.
func batchMessages(b []byte) ([]kafka.Message, error) {
	framed := binary.BigEndian.AppendUint32(nil, uint32(len(b)))
	var set protocol.RecordSet
	if _, err := set.ReadFrom(bytes.NewReader(append(framed, b...))); err != nil {
		return nil, fmt.Errorf("the records of a batch cannot be read: %w", err)
	}
	var list []kafka.Message
	for {
		rec, err := set.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the records of a batch cannot be read: %w", err)
		}
		m, err := readRecord(partition{TopicBookings, 0}, rec)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
}

// LedgerReport says what VerifyLedger found.
type LedgerReport struct {
	Records int // that stand in the partition
	Entries int // that count
	Passed  int // that were fenced, or written twice
	Facts   int // bookings from before there was a ledger
	Head    planner.LedgerHead
	Marked  planner.LedgerHead // how far it was acknowledged; zero where that is not known
	Faults  []string           // where something is wrong; none: the ledger is whole
}

// VerifyLedger walks the ledger on a cluster from its first record to its last.
func VerifyLedger(ctx context.Context, brokers []string) (LedgerReport, error) {
	var w ledgerWalk
	if err := readMessages(ctx, brokers, []string{TopicBookings}, w.take); err != nil {
		return w.report, err
	}
	w.end()
	return w.report, nil
}

// VerifyLedgerFiles walks the ledger in the log of an embedded broker that nobody has open, and checks the files of the
// whole log and the watermark.
func VerifyLedgerFiles(dir string) (LedgerReport, error) {
	var w ledgerWalk
	lock, err := lockDir(dir)
	if err != nil {
		return w.report, err
	}
	defer lock.Close()
	faults, err := CheckLog(dir)
	if err != nil {
		return w.report, err
	}
	for _, f := range faults {
		w.report.Faults = append(w.report.Faults, f.String())
	}
	mark, head, err := OpenMark(dir)
	if err != nil {
		w.report.Faults = append(w.report.Faults, err.Error())
	}
	if mark != nil {
		mark.Close()
	}
	w.report.Marked = head
	w.chain.Expect(head)
	if err := readFiles(dir, []string{TopicBookings}, w.take); err != nil {
		w.report.Faults = append(w.report.Faults, err.Error())
	}
	w.end()
	return w.report, nil
}

// ledgerWalk checks records of the ledger in their order.
type ledgerWalk struct {
	report LedgerReport
	chain  planner.Chain
	broken *planner.BrokenLink
}

func (w *ledgerWalk) take(m kafka.Message) {
	w.report.Records++
	e, err := Decode(m)
	if err != nil {
		w.fault("offset %d: %v", m.Offset, err)
		return
	}
	entry, ok := e.Fact.(*planner.LedgerEntry)
	if !ok {
		if w.chain.Head().Seq > 0 {
			w.fault("offset %d: a booking told as a fact, %s; only an entry counts here", m.Offset, e.ID)
		} else {
			w.report.Facts++
		}
		return
	}
	switch w.chain.Take(entry) {
	case planner.Follows:
		w.report.Entries++
		w.broken = nil
	case planner.Passed:
		w.report.Passed++
	case planner.Break:
		if w.broken == nil {
			w.broken = w.chain.Broken
			w.fault("offset %d: %v", m.Offset, w.chain.Broken)
		}
	}
}

func (w *ledgerWalk) end() {
	w.report.Head = w.chain.Head()
	if w.chain.Broken == nil {
		if err := w.chain.Check(w.report.Marked); err != nil {
			w.fault("%v", err)
		}
	}
}

func (w *ledgerWalk) fault(format string, a ...any) {
	w.report.Faults = append(w.report.Faults, fmt.Sprintf(format, a...))
}
