package streams

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

// All that we write is plain, but for texts with escapes.
func TestOwnRecordsArePlain(t *testing.T) {
	for typ := range compiledSchemas() {
		assert.Contains(t, plainShapes(), typ)
	}
	for _, fact := range sampleFacts() {
		payload, err := encodePayload(fact)
		require.NoError(t, err)
		assert.True(t, isPlain(fact.Type(), payload), "%s: %s", fact.Type(), payload)
	}
}

var notPlainDelays = []string{
	`{"departure":"D","mode":"sea","delay_hours":1,"reason":"a \n"}`, `{"departure":"D","mode":"sea","delay_hours":1 ,"reason":""}`,
	`{"departure":"D","mode":"sea","delay_hours":01,"reason":""}`, `{"departure":"D","mode":"sea","delay_hours":1e99,"reason":""}`,
	`{"departure":"D","mode":"boat","delay_hours":1,"reason":""}`, `{"departure":"","mode":"sea","delay_hours":1,"reason":""}`,
	`{"departure":"D","departure":"D","mode":"sea","delay_hours":1,"reason":""}`, `{"departure":"D","mode":"sea","reason":""}`,
	`{"departure":"D","mode":"sea","delay_hours":1,"reason":"","more":1}`, `{"departure":"D","mode":"sea","delay_hours":1,"reason":""}}`,
	`{"departure":"D","mode":"sea","delay_hours":null,"reason":""}`, `[]`, `{`, ``, "{\"departure\":\"\xff\",\"mode\":\"sea\",\"delay_hours\":1,\"reason\":\"\"}",
}

func TestNotPlain(t *testing.T) {
	require.True(t, isPlain("DepartureDelayed", []byte(`{"departure":"天津","mode":"sea","delay_hours":1.5e0,"reason":"雾"}`)))
	for _, text := range notPlainDelays {
		assert.False(t, isPlain("DepartureDelayed", []byte(text)), text)
	}
}

// Whatever a shape takes, the schema takes.
func FuzzPlain(f *testing.F) {
	for _, fact := range sampleFacts() {
		payload, err := encodePayload(fact)
		require.NoError(f, err)
		f.Add(fact.Type(), payload)
	}
	for _, text := range notPlainDelays {
		f.Add("DepartureDelayed", []byte(text))
	}
	f.Fuzz(func(t *testing.T, typ string, payload []byte) {
		if !isPlain(typ, payload) {
			return
		}
		var doc any
		require.NoError(t, json.Unmarshal(payload, &doc))
		require.NoError(t, compiledSchemas()[typ].Validate(doc))
	})
}

func BenchmarkSchema(b *testing.B) {
	for _, fact := range sampleFacts() {
		payload, err := encodePayload(fact)
		require.NoError(b, err)
		typ := fact.Type()
		b.Run(typ+"/plain", func(b *testing.B) {
			for b.Loop() {
				isPlain(typ, payload)
			}
		})
		b.Run(typ+"/schema", func(b *testing.B) {
			for b.Loop() {
				var doc any
				_ = json.Unmarshal(payload, &doc)
				_ = compiledSchemas()[typ].Validate(doc)
			}
		})
	}
}

// A record is made once of an entry, and anew of whatever else is said of it.
func TestEntryEncodedTwice(t *testing.T) {
	entry := func(seq uint64) *planner.LedgerEntry {
		e := &planner.LedgerEntry{Seq: seq, Epoch: 1, Prev: strings.Repeat("0", 64), Time: noon, Kind: planner.EntryEpochBegun, Leader: "one"}
		e.Seal()
		return e
	}
	one := entry(1)
	require.NoError(t, CheckEntry(one))
	event := one.Event()
	first, err := Encode(event)
	require.NoError(t, err)
	_ = append(first.Headers, kafka.Header{Key: "more"})
	again, err := Encode(event)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	back, err := Decode(again)
	require.NoError(t, err)
	assert.Equal(t, one.Hash(), back.Fact.(*planner.LedgerEntry).Hash())
	event.ID = "other"
	other, err := Encode(event)
	require.NoError(t, err)
	assert.NotEqual(t, first, other)
	event.Sequence = 0
	_, err = Encode(event)
	require.Error(t, err)
	for seq := range uint64(2 * encodedKept) {
		require.NoError(t, CheckEntry(entry(seq+2)))
	}
	assert.LessOrEqual(t, len(encodedEntries.known), encodedKept)
}
