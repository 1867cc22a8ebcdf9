package streams

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden pins what stands in the log: records written by an earlier Haihe must stay readable.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for i, f := range sampleFacts() {
		m, err := Encode(eventOf(f, uint64(i+1)))
		require.NoError(t, err)
		fmt.Fprintf(&b, "topic: %s\nkey: %s\n", m.Topic, m.Key)
		for _, h := range m.Headers {
			fmt.Fprintf(&b, "%s: %s\n", h.Key, h.Value)
		}
		v := jsontext.Value(m.Value)
		require.NoError(t, v.Indent())
		fmt.Fprintf(&b, "\n%s\n----\n", v)
	}
	path := filepath.Join("testdata", "records.golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

func TestEveryTypeHasASampleATopicAndASchema(t *testing.T) {
	var types []string
	for _, f := range sampleFacts() {
		types = append(types, f.Type())
		require.NotPanics(t, func() { TopicOf(f) })
		require.Contains(t, compiledSchemas(), f.Type())
	}
	require.Equal(t, planner.FactTypes(), types)
}

func TestRoundTrip(t *testing.T) {
	for _, f := range sampleFacts() {
		e := eventOf(f, 7)
		m, err := Encode(e)
		require.NoError(t, err, f.Type())
		got, err := Decode(m)
		require.NoError(t, err, f.Type())
		require.Equal(t, e, got)

		line, err := encodeStructured(e)
		require.NoError(t, err)
		headers := []kafka.Header{{Key: "Content-Type", Value: []byte("application/cloudevents+json; charset=UTF-8")}}
		if entry, ok := f.(*planner.LedgerEntry); ok {
			headers = append(headers, kafka.Header{Key: headerHash, Value: []byte(entry.Hash())})
		}
		got, err = Decode(kafka.Message{Topic: m.Topic, Key: m.Key, Value: line, Headers: headers})
		require.NoError(t, err, f.Type())
		require.Equal(t, e, got)
	}
}

// TestRoundTripOfAnyEvent draws events; whatever Encode takes, Decode gives back.
func TestRoundTripOfAnyEvent(t *testing.T) {
	amount := rapid.Float64Range(0, 1e18)
	name := rapid.StringMatching(`[^\x00-\x20\x7f-\xa0]([^\x00-\x1f\x7f-\x9f]{0,40}[^\x00-\x20\x7f-\xa0])?`)
	at := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(1e5, 7e9).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
	})
	mode := rapid.SampledFrom([]string{"sea", "air", "rail", "road", "post"})
	rapid.Check(t, func(t *rapid.T) {
		var f planner.Fact
		switch rapid.IntRange(0, 5).Draw(t, "type") {
		case 0:
			depart := at.Draw(t, "depart")
			f = &planner.DepartureScheduled{Departure: planner.Departure{
				ID: name.Draw(t, "id"), Mode: mode.Draw(t, "mode"), From: name.Draw(t, "from") + "1", To: name.Draw(t, "to") + "2",
				Cutoff: depart.Add(-time.Hour), Depart: depart, Arrive: depart.Add(time.Hour),
				CapacityM3: amount.Draw(t, "m3"), CapacityKg: amount.Draw(t, "kg"), CO2eKgPerT: amount.Draw(t, "co2e"),
				Rate:    planner.Rate{Per: "m3", Amount: amount.Draw(t, "amount"), KgPerM3: 1 + amount.Draw(t, "kg_per_m3")/2},
				Classes: []string{name.Draw(t, "class")},
			}}
		case 1:
			f = &planner.DepartureDelayed{Departure: name.Draw(t, "id"), Mode: mode.Draw(t, "mode"), DelayHours: rapid.Float64Range(-744, 744).Draw(t, "h"), Reason: name.Draw(t, "reason")}
		case 2:
			f = &planner.OccupancyReported{Warehouse: name.Draw(t, "id"), From: "2027-03-01", FreeM3: rapid.SliceOfN(amount, 1, 20).Draw(t, "free")}
		case 3:
			f = &planner.PositionReported{Departure: name.Draw(t, "id"), Mode: mode.Draw(t, "mode"), Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon"), At: at.Draw(t, "at")}
		case 5:
			from := at.Draw(t, "from")
			until := from.Add(time.Duration(rapid.Int64Range(1, 1e15).Draw(t, "ns")))
			closed := &planner.PassageClosed{Passage: rapid.SampledFrom(planner.Passages()).Draw(t, "passage").ID, Reason: name.Draw(t, "reason")}
			if rapid.Bool().Draw(t, "begins") {
				closed.From = &from
			}
			if rapid.Bool().Draw(t, "ends") {
				closed.Until = &until
			}
			f = closed
		case 4:
			f = &planner.WarehouseClosed{Warehouse: name.Draw(t, "id"), Reason: name.Draw(t, "reason")}
		}
		e := planner.Event{ID: name.Draw(t, "event"), Source: name.Draw(t, "source"), Sequence: rapid.Uint64Min(1).Draw(t, "sequence"), Time: at.Draw(t, "time"), Fact: f}
		m, err := Encode(e)
		require.NoError(t, err)
		got, err := Decode(m)
		require.NoError(t, err)
		require.Equal(t, e, got)
	})
}

func delayed(t *testing.T) kafka.Message {
	m, err := Encode(eventOf(sampleFacts()[2], 7))
	require.NoError(t, err)
	return m
}

func setHeader(m *kafka.Message, key, value string) {
	m.Headers = slices.Clone(m.Headers)
	for i := range m.Headers {
		if m.Headers[i].Key == key {
			m.Headers[i].Value = []byte(value)
			return
		}
	}
	m.Headers = append(m.Headers, kafka.Header{Key: key, Value: []byte(value)})
}

func dropHeader(m *kafka.Message, key string) {
	m.Headers = slices.DeleteFunc(slices.Clone(m.Headers), func(h kafka.Header) bool { return h.Key == key })
}

// badRecords are records that are no events, each a change of a good one, and what the reason has to say.
var badRecords = []struct {
	name   string
	change func(m *kafka.Message)
	says   []string
}{
	{"broken JSON", value(`{"departure":"S01W02/1",`), []string{"broken JSON at byte 24"}},
	{"trailing data", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":6} {}`), []string{"broken JSON at byte"}},
	{"invalid UTF-8", value("{\"departure\":\"S01W02/1\",\"mode\":\"sea\",\"delay_hours\":6,\"reason\":\"\xff\"}"), []string{"broken JSON", "UTF-8"}},
	{"doubled field", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":6,"delay_hours":7}`), []string{"stands there twice", "delay_hours"}},
	{"unknown field", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":6,"delay":7}`), []string{"delay is not a field of it"}},
	{"wrong case", value(`{"Departure":"S01W02/1","mode":"sea","delay_hours":6}`), []string{"departure is missing", "Departure is not a field of it"}},
	{"wrong type", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":"6"}`), []string{"delay_hours must be number, got string"}},
	{"null", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":null}`), []string{"delay_hours must be number, got null"}},
	{"missing field", value(`{"departure":"S01W02/1","mode":"sea"}`), []string{"delay_hours is missing"}},
	{"NaN", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":NaN}`), []string{"broken JSON", "delay_hours"}},
	{"overflow", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":1e999}`), []string{"delay_hours"}},
	{"out of range", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":100000}`), []string{"delay_hours"}},
	{"unknown mode", value(`{"departure":"S01W02/1","mode":"hovercraft","delay_hours":6}`), []string{"mode", "'sea'"}},
	{"control character", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":6,"reason":"a\u0007b"}`), []string{"reason must have no control characters"}},
	{"a list", value(`[]`), []string{"the payload must be object, got array"}},
	{"deep", value(strings.Repeat("[", 100000)), []string{"broken JSON"}},
	{"10 MB in one field", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":6,"reason":"` + strings.Repeat("a", 10<<20) + `"}`), []string{"the record takes 104", "send at most 1048576"}},
	{"long text", value(`{"departure":"S01W02/1","mode":"sea","delay_hours":6,"reason":"` + strings.Repeat("a", 3000) + `"}`), []string{"reason", "2,000"}},
	{"empty value", value(""), []string{"the value is empty"}},
	{"tombstone", func(m *kafka.Message) { m.Value = nil }, []string{"tombstone", "RequestWithdrawn"}},
	{"wrong key", func(m *kafka.Message) { m.Key = []byte("S01W02/1") }, []string{`the key of the record is "S01W02/1", want "departure:S01W02/1:delay"`}},
	{"no key", func(m *kafka.Message) { m.Key = nil }, []string{"the key of the record is"}},
	{"unknown passage", func(m *kafka.Message) {
		dropHeader(m, headerDataSchema)
		dropHeader(m, headerSubject)
		setHeader(m, headerType, "haihe.PassageClosed")
		m.Key, m.Value = []byte("passage:suezz:status"), []byte(`{"passage":"suezz"}`)
	}, []string{"PassageClosed: passage: must be the id of a strait or canal", `got "suezz"`, "known are "}},
	{"wrong topic", func(m *kafka.Message) { m.Topic = TopicFlights }, []string{"stands on the topic haihe.flights, it belongs on haihe.routes"}},
	{"no headers", func(m *kafka.Message) { m.Headers = nil }, []string{"ce_specversion is missing"}},
	{"other version", header(headerSpecVersion, "0.3"), []string{"ce_specversion", `"0.3"`}},
	{"no id", header(headerID, ""), []string{"ce_id is missing"}},
	{"long id", header(headerID, strings.Repeat("a", 501)), []string{"the id of the event is 501 bytes long"}},
	{"no source", func(m *kafka.Message) { dropHeader(m, headerSource) }, []string{"ce_source is missing"}},
	{"no type", func(m *kafka.Message) { dropHeader(m, headerType) }, []string{"ce_type is missing"}},
	{"unknown type", header(headerType, "haihe.DepartureVanished"), []string{"ce_type", "DepartureDelayed"}},
	{"foreign type", header(headerType, "DepartureDelayed"), []string{"want haihe."}},
	{"another type", func(m *kafka.Message) {
		dropHeader(m, headerDataSchema)
		setHeader(m, headerType, "haihe.DepartureCancelled")
	}, []string{"DepartureCancelled: delay_hours is not a field of it"}},
	{"no sequence", func(m *kafka.Message) { dropHeader(m, headerSequence) }, []string{"ce_sequence is missing", "microseconds"}},
	{"bad sequence", header(headerSequence, "7.5"), []string{"ce_sequence", "decimal"}},
	{"negative sequence", header(headerSequence, "-1"), []string{"ce_sequence", "decimal"}},
	{"sequence 0", header(headerSequence, "0"), []string{"the sequence of the event is 0"}},
	{"bad time", header(headerTime, "yesterday"), []string{"ce_time", "RFC 3339"}},
	{"old time", header(headerTime, "1066-10-14T12:00:00Z"), []string{"the time of the event", "1970"}},
	{"other subject", header(headerSubject, "departure:S01W02/2"), []string{"ce_subject", "leave it out"}},
	{"other schema", header(headerDataSchema, "urn:haihe:schema:DepartureDelayed:2"), []string{"ce_dataschema", "leave it out"}},
	{"other content", header(headerContentType, "application/avro"), []string{"content-type", "application/json"}},
	{"other charset", header(headerContentType, "application/json; charset=gbk"), []string{"gbk", "utf-8"}},
	{"binary header", header(headerID, "\xff"), []string{"ce_id", "not UTF-8"}},
	{"doubled header", func(m *kafka.Message) {
		m.Headers = append(slices.Clone(m.Headers), kafka.Header{Key: headerID, Value: []byte("x")})
	}, []string{`"ce_id" stands there twice`}},
	{"structured, no data", structuredValue(`{"specversion":"1.0","id":"1","source":"/x","type":"haihe.DepartureDelayed","sequence":"1"}`), []string{"data is missing"}},
	{"structured, binary", structuredValue(`{"specversion":"1.0","id":"1","source":"/x","type":"haihe.DepartureDelayed","sequence":"1","data_base64":"e30="}`), []string{"data_base64"}},
	{"structured, no sequence", structuredValue(`{"specversion":"1.0","id":"1","source":"/x","type":"haihe.DepartureDelayed","data":{}}`), []string{"sequence is missing"}},
	{"structured, number for a string", structuredValue(`{"specversion":"1.0","id":1,"source":"/x","type":"haihe.DepartureDelayed","data":{}}`), []string{"in id"}},
	{"structured, not JSON", structuredValue(`<event/>`), []string{"broken JSON"}},
}

func value(v string) func(*kafka.Message) { return func(m *kafka.Message) { m.Value = []byte(v) } }
func header(key, v string) func(*kafka.Message) {
	return func(m *kafka.Message) { setHeader(m, key, v) }
}

func structuredValue(v string) func(*kafka.Message) {
	return func(m *kafka.Message) {
		m.Value = []byte(v)
		m.Headers = []kafka.Header{{Key: headerContentType, Value: []byte(contentStructured)}}
	}
}

func TestBadRecords(t *testing.T) {
	for _, c := range badRecords {
		t.Run(c.name, func(t *testing.T) {
			m := delayed(t)
			c.change(&m)
			_, err := Decode(m)
			require.Error(t, err)
			for _, s := range c.says {
				require.ErrorContains(t, err, s)
			}
			require.Less(t, len(err.Error()), 2500)
		})
	}
}

func TestWhatMayBeLeftOut(t *testing.T) {
	m := delayed(t)
	for _, h := range []string{headerTime, headerSubject, headerDataSchema, headerContentType} {
		dropHeader(&m, h)
	}
	setHeader(&m, "ce_traceparent", "00-1-2-3") // an extension
	setHeader(&m, "x-own", "\xff")              // not of CloudEvents
	m.Time = noon.Add(time.Minute)
	e, err := Decode(m)
	require.NoError(t, err)
	require.Equal(t, noon.Add(time.Minute), e.Time)

	setHeader(&m, headerTime, "2027-03-01T20:00:00+08:00")
	e, err = Decode(m)
	require.NoError(t, err)
	require.Equal(t, noon, e.Time)
}

func TestEncodeRefuses(t *testing.T) {
	good := sampleFacts()[2]
	for name, c := range map[string]struct {
		event planner.Event
		says  string
	}{
		"no fact":     {planner.Event{ID: "1", Source: "/x", Sequence: 1, Time: noon}, "no fact"},
		"no id":       {planner.Event{Source: "/x", Sequence: 1, Time: noon, Fact: good}, "no id"},
		"no sequence": {planner.Event{ID: "1", Source: "/x", Time: noon, Fact: good}, "sequence of the event is 0"},
		"no time":     {planner.Event{ID: "1", Source: "/x", Sequence: 1, Fact: good}, "time of the event"},
		"NaN":         {eventOf(&planner.DepartureDelayed{Departure: "D", Mode: "sea", DelayHours: math.NaN()}, 1), "delay_hours"},
		"negative":    {eventOf(&planner.OccupancyReported{Warehouse: "W", FreeM3: planner.PerDay{-1}}, 1), "free_m3"},
		"not UTC":     {eventOf(&planner.PositionReported{Departure: "D", Mode: "sea", At: noon.In(time.FixedZone("CST", 8*3600))}, 1), "at"},
	} {
		_, err := Encode(c.event)
		require.ErrorContains(t, err, c.says, name)
	}
}

func FuzzDecode(f *testing.F) {
	for _, fact := range sampleFacts() {
		m, err := Encode(eventOf(fact, 7))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Topic, m.Key, m.Value, fact.Type(), "7", contentJSON)
		line, err := encodeStructured(eventOf(fact, 7))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Topic, m.Key, line, "", "", contentStructured)
	}
	f.Fuzz(func(t *testing.T, topic string, key, value []byte, typ, sequence, contentType string) {
		m := kafka.Message{Topic: topic, Key: key, Value: value, Time: noon, Headers: []kafka.Header{
			{Key: headerSpecVersion, Value: []byte(specVersion)}, {Key: headerID, Value: []byte("1")}, {Key: headerSource, Value: []byte("/fuzz")},
			{Key: headerType, Value: []byte(typePrefix + typ)}, {Key: headerSequence, Value: []byte(sequence)}, {Key: headerContentType, Value: []byte(contentType)},
		}}
		e, err := Decode(m)
		if err != nil {
			if len(err.Error()) > 2500 {
				t.Fatalf("the reason is %d bytes long", len(err.Error()))
			}
			return
		}
		// Whatever is taken can be written again and means the same.
		again, err := Encode(e)
		if err != nil {
			t.Fatalf("taken, but cannot be written: %v", err)
		}
		back, err := Decode(again)
		if err != nil {
			t.Fatalf("written, but cannot be read: %v", err)
		}
		one, err1 := json.Marshal(e)
		two, err2 := json.Marshal(back)
		if err1 != nil || err2 != nil || string(one) != string(two) {
			t.Fatalf("%s became %s (%v, %v)", one, two, err1, err2)
		}
	})
}

// cpuSeconds is the time that this process has had a core, whatever else the machine does.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// BenchmarkDecode reads the records that a log mostly holds; one second of a core should do for 20,000.
func BenchmarkDecode(b *testing.B) {
	for _, f := range sampleFacts() {
		switch f.Type() {
		case "DepartureScheduled", "DepartureDelayed", "WarehouseRegistered", "RequestSubmitted":
		default:
			continue
		}
		b.Run(f.Type(), func(b *testing.B) {
			m, err := Encode(eventOf(f, 7))
			require.NoError(b, err)
			b.SetBytes(int64(len(m.Value)))
			b.ReportAllocs()
			before := cpuSeconds()
			for b.Loop() {
				if _, err := Decode(m); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/(cpuSeconds()-before), "records/cpu-s")
		})
	}
}
