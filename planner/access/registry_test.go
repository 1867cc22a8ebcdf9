package access

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var start = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

// log is what instances read: records as they are written, read back by Decode.
type log struct {
	t       require.TestingT
	records []Record
}

func (l *log) put(r Record) {
	r.At = start
	raw, err := r.Encode()
	require.NoError(l.t, err)
	back, err := Decode(r.Name(), raw)
	require.NoError(l.t, err)
	require.Equal(l.t, r.Name(), back.Name())
	l.records = append(l.records, back)
}

func (l *log) fold(now func() time.Time) *Registry {
	r := NewRegistry(now, time.Hour)
	for _, rec := range l.records {
		r.Apply(rec)
	}
	return r
}

// compacted is the log after a cluster has compacted it: of each name the last record alone.
func (l *log) compacted() *log {
	last := map[string]int{}
	for i := range l.records {
		last[l.records[i].Name()] = i
	}
	c := &log{t: l.t}
	for i, r := range l.records {
		if last[r.Name()] == i {
			c.records = append(c.records, r)
		}
	}
	return c
}

// TestWhatEndedStaysEnded: whatever happens in whatever order, nobody gets in whose session or key has ended, whose
// membership or organisation is gone at the end of the log, or whose time is over; and a log that was compacted says the
// same.
func TestWhatEndedStaysEnded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &log{t: t}
		org := func() OrgID {
			return OrgID{Kinds()[rapid.IntRange(0, 1).Draw(t, "kind")], fmt.Sprint("o", rapid.IntRange(0, 1).Draw(t, "org"))}
		}
		user := func() string { return fmt.Sprint("u", rapid.IntRange(0, 2).Draw(t, "user")) }
		closed, gone, removed := map[OrgID]bool{}, map[string]bool{}, map[memberID]bool{}
		sessions, keys, ended := map[string]Session{}, map[string]APIKey{}, map[string]bool{}
		for i := range rapid.IntRange(1, 60).Draw(t, "records") {
			switch rapid.IntRange(0, 7).Draw(t, "what") {
			case 0:
				o := Org{OrgID: org(), Closed: rapid.Bool().Draw(t, "closed")}
				l.put(Record{Org: &o})
				closed[o.OrgID] = o.Closed
			case 1:
				u := User{ID: user(), Gone: rapid.Bool().Draw(t, "gone")}
				l.put(Record{User: &u})
				gone[u.ID] = u.Gone
			case 2:
				m := Member{Org: org(), User: user(), Level: rapid.SampledFrom(Levels()).Draw(t, "level"), Gone: rapid.Bool().Draw(t, "gone")}
				l.put(Record{Member: &m})
				removed[memberID{m.Org, m.User}] = m.Gone
			case 3:
				s := Session{ID: fmt.Sprint("s", i), Hash: Hash(fmt.Sprint("s", i)), Org: org(), User: user(), Begun: start, Ends: start.Add(2 * time.Hour)}
				l.put(Record{Session: &s})
				sessions[s.ID] = s
			case 4:
				k := APIKey{ID: fmt.Sprint("k", i), Hash: Hash(fmt.Sprint("k", i)), Org: org(), Name: "n", Scopes: []Scope{Read}, Expires: start.Add(90 * time.Minute)}
				l.put(Record{Key: &k})
				keys[k.ID] = k
			case 5: // another instance ends one
				if id, ok := pick(t, sessions); ok {
					s := sessions[id]
					s.Ended = &start
					l.put(Record{Session: &s})
					ended[id] = true
				}
				if id, ok := pick(t, keys); ok {
					k := keys[id]
					k.Revoked = &start
					l.put(Record{Key: &k})
					ended[id] = true
				}
			case 6: // a write that was not confirmed is written again
				if id, ok := pick(t, sessions); ok && !ended[id] {
					s := sessions[id]
					l.put(Record{Session: &s})
				}
			case 7:
				if id, ok := pick(t, sessions); ok {
					l.put(Record{Seen: &Seen{ID: id, At: start.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "minute")) * time.Minute)}})
				}
			}
		}
		at := start
		now := func() time.Time { return at }
		r, c := l.fold(now), l.compacted().fold(now)
		for _, later := range []time.Duration{0, 59 * time.Minute, 91 * time.Minute, 3 * time.Hour} {
			at = start.Add(later)
			for id, s := range sessions {
				p, err := r.BySecret(id)
				_, again := c.BySecret(id)
				assert.Equal(t, err == nil, again == nil, "compacted")
				is, known := r.orgs[s.Org]
				m, in := r.members[memberID{s.Org, s.User}]
				_, person := r.users[s.User]
				may := known && in && person && !is.Closed && !closed[s.Org] && !gone[s.User] && !removed[memberID{s.Org, s.User}] && !ended[id] && later < 2*time.Hour
				if err == nil {
					assert.True(t, may, "%s got in after %v", id, later)
					assert.Equal(t, m.Level, p.Level)
				} else if may && later == 0 {
					assert.Fail(t, "kept out", id)
				}
			}
			for id, k := range keys {
				_, err := r.BySecret(id)
				_, known := r.orgs[k.Org]
				assert.Equal(t, known && !closed[k.Org] && !ended[id] && later < 90*time.Minute, err == nil, "%s after %v", id, later)
			}
		}
	})
}

// pick draws an id; false if there is none.
func pick[T any](t *rapid.T, m map[string]T) (string, bool) {
	if len(m) == 0 {
		return "", false
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m))).Draw(t, "id"), true
}

func TestTheFirstUseCounts(t *testing.T) {
	r := NewRegistry(func() time.Time { return start }, time.Hour)
	assert.Empty(t, r.UsedBy("n"))
	r.Apply(Record{Use: &Use{Nonce: "n", By: "one", Until: start}})
	r.Apply(Record{Use: &Use{Nonce: "n", By: "two", Until: start}})
	assert.Equal(t, "one", r.UsedBy("n"))
}

// What is long over is dropped, and nothing that still counts.
func TestStale(t *testing.T) {
	at := start
	l := &log{t: t}
	l.put(Record{Org: &Org{OrgID: OrgID{Firm, "o"}}})
	l.put(Record{User: &User{ID: "u"}})
	l.put(Record{Member: &Member{Org: OrgID{Firm, "o"}, User: "u", Level: Reader}})
	l.put(Record{Session: &Session{ID: "s", Hash: Hash("s"), Org: OrgID{Firm, "o"}, User: "u", Begun: start, Ends: start.Add(time.Hour)}})
	l.put(Record{Key: &APIKey{ID: "k", Hash: Hash("k"), Org: OrgID{Firm, "o"}, Name: "n", Expires: start.AddDate(1, 0, 0)}})
	l.put(Record{Use: &Use{Nonce: "n", By: "b", Until: start.Add(time.Hour)}})
	r := l.fold(func() time.Time { return at })
	assert.Empty(t, r.Stale())
	at = start.AddDate(0, 2, 0)
	names := []string{}
	for _, rec := range r.Stale() {
		names = append(names, rec.Name())
		r.Apply(rec)
	}
	assert.Equal(t, []string{"seen:s", "session:s", "use:n"}, names)
	assert.Empty(t, r.Stale())
	_, err := r.BySecret("k")
	assert.NoError(t, err)
}

func FuzzDecode(f *testing.F) {
	f.Add("org:firm/o", []byte(`{"at":"2027-03-01T08:00:00Z","org":{"kind":"firm","id":"o"}}`))
	f.Add("use:n", []byte(`{"at":"2027-03-01T08:00:00Z","use":{"nonce":"n","by":"b","until":"2027-03-01T08:00:00Z"}}`))
	f.Add("session:s", []byte(nil))
	f.Add("x", []byte(`{"drop":"session:s"}`))
	f.Fuzz(func(t *testing.T, name string, value []byte) {
		r, err := Decode(name, value)
		if err != nil {
			return
		}
		if r.Name() != name {
			t.Fatalf("a record of %q under the name %q", r.Name(), name)
		}
		NewRegistry(time.Now, time.Hour).Apply(r)
		raw, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Decode(name, raw); err != nil || again.Name() != name {
			t.Fatalf("%+v is not read back: %v", r, err)
		}
	})
}
