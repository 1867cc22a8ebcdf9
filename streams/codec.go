package streams

import (
	"errors"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/segmentio/kafka-go"

	"haihe/planner"
)

// Headers of the Kafka binding of CloudEvents 1.0, binary mode. ce_sequence is the extension "sequence".
const (
	headerSpecVersion = "ce_specversion"
	headerID          = "ce_id"
	headerSource      = "ce_source"
	headerType        = "ce_type"
	headerTime        = "ce_time"
	headerSubject     = "ce_subject"
	headerDataSchema  = "ce_dataschema"
	headerSequence    = "ce_sequence"
	headerContentType = "content-type"
	headerHash        = "haihe_hash" // of an entry of the ledger: the SHA-256 of the value

	specVersion       = "1.0"
	typePrefix        = "haihe."
	contentJSON       = "application/json"
	contentStructured = "application/cloudevents+json"

	maxAttributeBytes = 500 // of ce_id and ce_source
)

// Encode makes the record of an event, in binary mode, with the topic that it belongs on. It returns an error
// that names the attribute or field if the event would not pass Decode.
func Encode(e planner.Event) (kafka.Message, error) {
	if e.Fact == nil {
		return kafka.Message{}, errors.New("streams: the event has no fact")
	}
	typ := e.Fact.Type()
	entry, isEntry := e.Fact.(*planner.LedgerEntry)
	if isEntry {
		if m, ok := encodedEntries.recordOf(e, entry); ok {
			return m, nil
		}
	}
	if err := checkAttributes(e); err != nil {
		return kafka.Message{}, fmt.Errorf("streams: %s: %w", typ, err)
	}
	if err := e.Fact.Validate(); err != nil {
		return kafka.Message{}, fmt.Errorf("streams: %s: %w", typ, err)
	}
	payload, err := encodePayload(e.Fact)
	if err != nil {
		return kafka.Message{}, fmt.Errorf("streams: %s: %w", typ, err)
	}
	if err := checkSchema(typ, payload); err != nil {
		return kafka.Message{}, fmt.Errorf("streams: %s: %w", typ, err)
	}
	key := e.Fact.Key()
	m := newMessage(TopicOf(e.Fact), key, typ, e.ID, e.Source, e.Time, e.Sequence, payload)
	if isEntry {
		m.Headers = append(m.Headers, kafka.Header{Key: headerHash, Value: []byte(entry.Hash())})
	}
	if n := recordBytes(m); n > MaxRecordBytes {
		return kafka.Message{}, fmt.Errorf("streams: %s %s: the record takes %d bytes, at most %d are allowed", typ, key, n, MaxRecordBytes)
	}
	if isEntry {
		encodedEntries.add(e, entry, m)
	}
	return m, nil
}

// CheckEntry says why an entry of the ledger, sealed, cannot stand in the log.
func CheckEntry(e *planner.LedgerEntry) error {
	_, err := Encode(e.Event())
	return err
}

// encodePayload writes a fact as JSON; an entry of the ledger as it was sealed, for its hash is over the bytes.
func encodePayload(f planner.Fact) ([]byte, error) {
	entry, ok := f.(*planner.LedgerEntry)
	if !ok {
		return json.Marshal(f)
	}
	if len(entry.Raw()) == 0 {
		return nil, errors.New("the entry is not sealed")
	}
	return entry.Raw(), nil
}

func newMessage(topic string, key planner.Key, typ, id, source string, at time.Time, sequence uint64, payload []byte) kafka.Message {
	return kafka.Message{
		Topic: topic,
		Key:   []byte(key.String()),
		Value: payload,
		Headers: []kafka.Header{
			{Key: headerSpecVersion, Value: []byte(specVersion)},
			{Key: headerID, Value: []byte(id)},
			{Key: headerSource, Value: []byte(source)},
			{Key: headerType, Value: []byte(typePrefix + typ)},
			{Key: headerTime, Value: []byte(at.UTC().Format(time.RFC3339Nano))},
			{Key: headerSubject, Value: []byte(key.Kind + ":" + key.ID)},
			{Key: headerDataSchema, Value: []byte(SchemaURI(typ))},
			{Key: headerSequence, Value: strconv.AppendUint(nil, sequence, 10)},
			{Key: headerContentType, Value: []byte(contentJSON)},
		},
	}
}

// Decode reads the event of a record, in binary or structured mode. It is strict: whatever it does not know, or
// would have to guess, is an error that names the header or field and says what to do.
func Decode(m kafka.Message) (planner.Event, error) {
	e, err := decodeRecord(m)
	if err != nil {
		return e, err
	}
	if want := TopicOf(e.Fact); m.Topic != want {
		return planner.Event{}, fmt.Errorf("%s stands on the topic %s, it belongs on %s", e.Fact.Type(), m.Topic, want)
	}
	if entry, ok := e.Fact.(*planner.LedgerEntry); ok {
		return e, checkHash(m, entry)
	}
	return e, nil
}

// decodeRecord reads the event of a record, whatever topic it stands on.
func decodeRecord(m kafka.Message) (planner.Event, error) {
	if n := recordBytes(m); n > MaxRecordBytes {
		return planner.Event{}, fmt.Errorf("the record takes %d bytes; send at most %d", n, MaxRecordBytes)
	}
	if m.Value == nil {
		return planner.Event{}, errors.New("the record has no value (a tombstone); take a fact back by a fact, such as RequestWithdrawn")
	}
	if len(m.Value) == 0 {
		return planner.Event{}, errors.New("the value is empty; want the payload as JSON")
	}
	a, err := readAttributes(m)
	if err != nil {
		return planner.Event{}, err
	}
	e, err := a.event(m.Time)
	if err != nil {
		return planner.Event{}, err
	}
	key := e.Fact.Key()
	if want := key.String(); string(m.Key) != want {
		return planner.Event{}, fmt.Errorf("the key of the record is %s, want %s", quote(string(m.Key)), quote(want))
	}
	return e, nil
}

// checkHash compares the hash that an entry of the ledger was written with.
func checkHash(m kafka.Message, e *planner.LedgerEntry) error {
	for _, h := range m.Headers {
		if h.Key == headerHash {
			if said := string(h.Value); said != e.Hash() {
				return fmt.Errorf("entry %d of the ledger is not as it was written: its hash is %s, the header %s says %s", e.Seq, e.Hash(), headerHash, quote(said))
			}
			return nil
		}
	}
	return fmt.Errorf("the header %s is missing; only a Haihe writes to the ledger", headerHash)
}

// attributes are the attributes of a CloudEvent that Haihe reads, as they came. prefix says how an error names
// them: ce_id in binary mode, id in structured mode.
type attributes struct {
	id, source, typ, time, subject, dataSchema, sequence string
	prefix                                               string
	data                                                 []byte
}

// headerNames are the headers that Haihe reads; others are the publisher's own.
var headerNames = [...]string{
	headerSpecVersion, headerID, headerSource, headerType, headerTime, headerSubject, headerDataSchema, headerSequence, headerContentType,
}

func readAttributes(m kafka.Message) (attributes, error) {
	var a attributes
	var version, contentType string
	into := [...]*string{&version, &a.id, &a.source, &a.typ, &a.time, &a.subject, &a.dataSchema, &a.sequence, &contentType}
	var seen [len(headerNames)]bool
	for _, h := range m.Headers {
		i := slices.IndexFunc(headerNames[:], func(name string) bool { return len(name) == len(h.Key) && strings.EqualFold(name, h.Key) })
		if i < 0 {
			continue
		}
		if seen[i] {
			return a, fmt.Errorf("the header %s stands there twice", quote(headerNames[i]))
		}
		if !utf8.Valid(h.Value) {
			return a, fmt.Errorf("the header %s is not UTF-8", quote(headerNames[i]))
		}
		seen[i] = true
		*into[i] = string(h.Value)
	}
	if contentType != "" && contentType != contentJSON {
		structured, err := readContentType(contentType)
		if err != nil {
			return a, err
		}
		if structured {
			return readStructured(m.Value)
		}
	}
	switch version {
	case specVersion:
	case "":
		return a, errors.New("the header ce_specversion is missing; send CloudEvents 1.0 with the attributes in headers, or structured with content-type " + contentStructured)
	default:
		return a, fmt.Errorf("the header ce_specversion is %s; want %s", quote(version), specVersion)
	}
	a.prefix, a.data = "ce_", m.Value
	return a, nil
}

// readContentType tells whether a content type is that of the structured mode.
func readContentType(contentType string) (bool, error) {
	media, params, err := mime.ParseMediaType(contentType)
	switch charset := params["charset"]; {
	case err != nil || media != contentJSON && media != contentStructured:
		return false, fmt.Errorf("the header content-type is %s; want %s or %s", quote(contentType), contentJSON, contentStructured)
	case charset != "" && !strings.EqualFold(charset, "utf-8"):
		return false, fmt.Errorf("the header content-type names the charset %s; want utf-8", quote(charset))
	}
	return media == contentStructured, nil
}

// event checks the attributes and the payload. recorded is the time of the record, which stands in where the
// publisher gave none.
func (a attributes) event(recorded time.Time) (planner.Event, error) {
	for _, x := range []struct{ name, value string }{{"id", a.id}, {"source", a.source}, {"type", a.typ}} {
		if x.value == "" {
			return planner.Event{}, fmt.Errorf("%s%s is missing or empty", a.prefix, x.name)
		}
	}
	if a.sequence == "" {
		return planner.Event{}, fmt.Errorf("%ssequence is missing; number the facts of each resource upwards, or send the time in microseconds since 1970", a.prefix)
	}
	sequence, err := strconv.ParseUint(a.sequence, 10, 64)
	if err != nil {
		return planner.Event{}, fmt.Errorf("%ssequence is %s; want a whole number from 1 to 2^64 - 1 in decimal digits", a.prefix, quote(a.sequence))
	}
	e := planner.Event{ID: a.id, Source: a.source, Sequence: sequence, Time: recorded.UTC()}
	if a.time != "" {
		t, err := time.Parse(time.RFC3339Nano, a.time)
		if err != nil {
			return planner.Event{}, fmt.Errorf("%stime is %s; want RFC 3339, such as 2027-03-01T08:30:00Z", a.prefix, quote(a.time))
		}
		e.Time = t.UTC()
	}
	typ, ok := strings.CutPrefix(a.typ, typePrefix)
	fact, known := planner.NewFact(typ)
	if !ok || !known {
		return planner.Event{}, fmt.Errorf("%stype is %s; want %s and one of %s", a.prefix, quote(a.typ), typePrefix, strings.Join(planner.FactTypes(), ", "))
	}
	if a.dataSchema != "" && a.dataSchema != SchemaURI(typ) {
		return planner.Event{}, fmt.Errorf("%sdataschema is %s; want %s, or leave it out", a.prefix, quote(a.dataSchema), SchemaURI(typ))
	}
	if fact, err = a.fact(typ, fact); err != nil {
		return planner.Event{}, err
	}
	if entry, ok := fact.(*planner.LedgerEntry); ok {
		entry.Sealed(a.data)
	}
	e.Fact = fact
	if err := checkAttributes(e); err != nil {
		return planner.Event{}, err
	}
	if key := fact.Key(); a.subject != "" && a.subject != key.Kind+":"+key.ID {
		return planner.Event{}, fmt.Errorf("%ssubject is %s; want %s, or leave it out", a.prefix, quote(a.subject), quote(key.Kind+":"+key.ID))
	}
	return e, nil
}

// fact reads the payload of a type into an empty fact of it.
func (a *attributes) fact(typ string, fact planner.Fact) (planner.Fact, error) {
	if typ == positionType {
		if p, ok := plainPosition(a.data); ok {
			return p, nil
		}
	}
	if err := checkSchema(typ, a.data); err != nil {
		return nil, fmt.Errorf("%s: %w", typ, err)
	}
	if err := decodePayload(a.data, fact); err != nil {
		return nil, fmt.Errorf("%s: %w", typ, err)
	}
	if err := fact.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %s", typ, cut(err.Error(), 1000))
	}
	return fact, nil
}

// decodePayload reads a payload into a fact or a record of a plan: no unknown, no doubled field.
func decodePayload(data []byte, into any) error {
	if err := json.Unmarshal(data, into, json.RejectUnknownMembers(true)); err != nil {
		return jsonError(err)
	}
	return nil
}

// checkAttributes says which attribute of an event is wrong.
func checkAttributes(e planner.Event) error {
	for _, x := range []struct{ name, value string }{{"id", e.ID}, {"source", e.Source}} {
		switch {
		case x.value == "":
			return fmt.Errorf("the event has no %s", x.name)
		case len(x.value) > maxAttributeBytes:
			return fmt.Errorf("the %s of the event is %d bytes long, at most %d are allowed", x.name, len(x.value), maxAttributeBytes)
		case !utf8.ValidString(x.value) || strings.ContainsFunc(x.value, unicode.IsControl):
			return fmt.Errorf("the %s of the event must be UTF-8 without control characters, got %s", x.name, quote(x.value))
		}
	}
	if e.Sequence == 0 {
		return errors.New("the sequence of the event is 0; want a number from 1 on that grows with every fact of the resource")
	}
	if y := e.Time.UTC().Year(); y < 1970 || y > 2199 {
		return fmt.Errorf("the time of the event is %s; want one in the years 1970 to 2199", e.Time.UTC().Format(time.RFC3339))
	}
	return nil
}

// recordBytes is what the parts of a record take together.
func recordBytes(m kafka.Message) int {
	n := len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

// quote writes what came from outside so that it floods no screen.
func quote(s string) string { return strconv.Quote(cut(s, 100)) }
