package streams

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// TestRecoverKeepsWhatIsWhole damages a topic of facts and the ledger, and finds the rest again.
func TestRecoverKeepsWhatIsWhole(t *testing.T) {
	dir, head := madeLog(t)
	whole, err := VerifyLedgerFiles(dir)
	require.NoError(t, err)
	require.Equal(t, LedgerReport{Records: 2, Entries: 2, Head: whole.Head, Marked: whole.Marked}, whole)
	require.Equal(t, head.Hash, whole.Head.Hash)

	flip := func(name string, at int) {
		path := filepath.Join(dir, logDir, partitionsDir, name)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		batches, _ := scanSegment(b, 0)
		b[batches[at].at+batchHead+20] ^= 4
		require.NoError(t, os.WriteFile(path, b, 0o644))
	}
	facts := TopicRequests + "-1/0" + segmentSuffix
	b, err := os.ReadFile(filepath.Join(dir, logDir, partitionsDir, facts))
	require.NoError(t, err)
	batches, _ := scanSegment(b, 0)
	require.Greater(t, len(batches), 2)
	inFirst, err := batchMessages(b[batches[0].at:batches[0].end])
	require.NoError(t, err)
	flip(facts, 0)
	flip(TopicBookings+"-0/0"+segmentSuffix, 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, logDir, "topics.json"), []byte(`{`), 0o644))

	report, err := VerifyLedgerFiles(dir)
	require.NoError(t, err)
	require.Equal(t, 1, report.Entries)
	said := strings.Join(report.Faults, "\n")
	require.Contains(t, said, "haihe.bookings-0/0.dat")
	require.Contains(t, said, "the checksum of the batch at offset 1")
	require.Contains(t, said, "the ledger was acknowledged up to its entry 2, hash "+head.Hash)
	_, err = StartEmbedded(dir, "127.0.0.1:0")
	require.ErrorIs(t, err, ErrLogDamaged)

	r, err := Recover(dir, time.Now())
	require.NoError(t, err)
	require.Equal(t, 3, r.Lost)
	require.EqualValues(t, 1, r.Head.Seq)
	lines, err := os.ReadFile(r.Report)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(lines), "\n"))
	report, err = VerifyLedgerFiles(dir)
	require.NoError(t, err)
	require.Empty(t, report.Faults)
	require.Equal(t, 1, report.Entries)

	e, err := StartEmbedded(dir, "127.0.0.1:0")
	require.NoError(t, err)
	ensure(t, e.Addr())
	c := consume(t, []string{e.Addr()}, nil, ConsumerOptions{})
	<-c.CaughtUp()
	got, _ := c.now()
	require.Len(t, got, 42-len(inFirst)-1)
	p := NewProducer([]string{e.Addr()}) // and the log goes on
	s := planner.NewState()
	for _, x := range got {
		s.Apply(x)
	}
	d := s.Draft(planner.Rules{})
	next := d.Begin("again", "", noon)
	require.NoError(t, p.Publish(t.Context(), eventOf(next, next.Seq)))
	p.Close()
	_ = c.stop()
	online, err := VerifyLedger(t.Context(), []string{e.Addr()})
	require.NoError(t, err)
	require.Empty(t, online.Faults)
	require.EqualValues(t, 2, online.Head.Epoch)
	require.NoError(t, e.Close())
}

// TestVerifySaysWhereTheChainBreaks: an entry is missing, or altered with all checksums mended.
func TestVerifySaysWhereTheChainBreaks(t *testing.T) {
	s := planner.NewState()
	d := s.Draft(planner.Rules{})
	for range 4 {
		d.Begin("x", "", noon)
	}
	walk := func(entries ...*planner.LedgerEntry) LedgerReport {
		var w ledgerWalk
		for i, e := range entries {
			m, err := Encode(eventOf(e, e.Seq))
			require.NoError(t, err)
			m.Offset = int64(i)
			w.take(m)
		}
		w.end()
		return w.report
	}
	require.Empty(t, walk(d.Entries...).Faults)
	missing := walk(d.Entries[0], d.Entries[2], d.Entries[3])
	require.Len(t, missing.Faults, 1)
	require.Contains(t, missing.Faults[0], "offset 1: the ledger breaks before its entry 3: the hash of the entry before it is "+d.Entries[0].Hash()+
		", the entry says "+d.Entries[1].Hash())
	altered := *d.Entries[1]
	altered.Leader = "y"
	altered.Seal()
	broken := walk(d.Entries[0], &altered, d.Entries[2], d.Entries[3])
	require.Len(t, broken.Faults, 1)
	require.Contains(t, broken.Faults[0], "offset 2: the ledger breaks before its entry 3: the hash of the entry before it is "+altered.Hash())
	twice := walk(d.Entries[0], d.Entries[0], d.Entries[1], d.Entries[0], d.Entries[2], d.Entries[3])
	require.Empty(t, twice.Faults)
	require.Equal(t, 2, twice.Passed)
}
