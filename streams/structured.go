package streams

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"haihe/planner"
)

// structured is a CloudEvent in the JSON format: attributes and payload in one object. Attributes that are not
// listed are extensions of the publisher's own and are passed over.
type structured struct {
	SpecVersion     string         `json:"specversion"`
	ID              string         `json:"id"`
	Source          string         `json:"source"`
	Type            string         `json:"type"`
	Time            string         `json:"time,omitempty"`
	Subject         string         `json:"subject,omitempty"`
	DataContentType string         `json:"datacontenttype,omitempty"`
	DataSchema      string         `json:"dataschema,omitempty"`
	Sequence        string         `json:"sequence"`
	Data            jsontext.Value `json:"data"`
	DataBase64      string         `json:"data_base64,omitempty"`
}

func readStructured(value []byte) (attributes, error) {
	var s structured
	if err := json.Unmarshal(value, &s); err != nil {
		return attributes{}, jsonError(err)
	}
	switch {
	case s.SpecVersion != specVersion:
		return attributes{}, fmt.Errorf("specversion is %s; want %s", quote(s.SpecVersion), specVersion)
	case s.DataBase64 != "":
		return attributes{}, errors.New("data_base64 is not taken; send the payload as JSON in data")
	case s.DataContentType != "" && s.DataContentType != contentJSON:
		return attributes{}, fmt.Errorf("datacontenttype is %s; want %s", quote(s.DataContentType), contentJSON)
	case len(s.Data) == 0:
		return attributes{}, errors.New("data is missing; want the payload as JSON")
	}
	return attributes{
		id: s.ID, source: s.Source, typ: s.Type, time: s.Time, subject: s.Subject, dataSchema: s.DataSchema,
		sequence: s.Sequence, data: s.Data,
	}, nil
}

// encodeStructured writes an event as one line of JSON.
func encodeStructured(e planner.Event) ([]byte, error) {
	payload, err := encodePayload(e.Fact)
	if err != nil {
		return nil, err
	}
	return json.Marshal(structured{
		SpecVersion: specVersion, ID: e.ID, Source: e.Source, Type: typePrefix + e.Fact.Type(),
		Time: e.Time.UTC().Format(time.RFC3339Nano), Sequence: fmt.Sprint(e.Sequence), Data: payload,
	})
}

// decodeStructured reads what encodeStructured wrote.
func decodeStructured(line []byte) (planner.Event, error) {
	a, err := readStructured(line)
	if err != nil {
		return planner.Event{}, err
	}
	return a.event(time.Time{})
}
