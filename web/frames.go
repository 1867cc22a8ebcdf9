package web

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// The frames of the websocket, as asyncapi.yaml describes them, put together from facets that are JSON already.

func prepare(frame []byte) *websocket.PreparedMessage {
	p, err := websocket.NewPreparedMessage(websocket.TextMessage, frame)
	if err != nil {
		panic("web: " + err.Error()) // it is a text message
	}
	return p
}

func writeString(b *bytes.Buffer, s string) {
	raw, err := json.Marshal(s)
	if err != nil {
		panic("web: " + err.Error())
	}
	b.Write(raw)
}

func writeChange(b *bytes.Buffer, k key, value json.RawMessage) {
	if b.Len() > 0 {
		b.WriteByte(',')
	}
	b.WriteString(`{"kind":"` + k.kind + `","id":`)
	writeString(b, k.id)
	b.WriteString(`,"value":`)
	if value == nil {
		b.WriteString("null")
	} else {
		b.Write(value)
	}
	b.WriteByte('}')
}

// changesFrame joins changes made by writeChange; parent is a traceparent or "".
func changesFrame(epoch string, prev, seq uint64, parent string, changes []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(changes) + 128)
	b.WriteString(`{"type":"changes","epoch":`)
	writeString(&b, epoch)
	b.WriteString(`,"prev":` + strconv.FormatUint(prev, 10) + `,"seq":` + strconv.FormatUint(seq, 10))
	if parent != "" {
		b.WriteString(`,"trace":"` + parent + `"`)
	}
	b.WriteString(`,"changes":[`)
	b.Write(changes)
	b.WriteString(`]}`)
	return b.Bytes()
}

// snapshotBody writes the members "epoch", "seq" and "entities" of a snapshot, without braces.
func (h *hub) snapshotBody(v viewer) []byte {
	var b bytes.Buffer
	b.WriteString(`"epoch":`)
	writeString(&b, h.epoch)
	b.WriteString(`,"seq":` + strconv.FormatUint(h.seq, 10) + `,"entities":{`)
	for _, kind := range lists {
		b.WriteString(`"` + kind + `":[`)
		any := false
		for _, id := range h.sorted(kind) {
			value := h.entities[key{kind, id}].of(v)
			if value == nil {
				continue
			}
			if any {
				b.WriteByte(',')
			}
			b.Write(value)
			any = true
		}
		b.WriteString(`],`)
	}
	b.WriteString(`"plan":`)
	if plan := h.entities[key{kindPlan, planID}].of(v); plan != nil {
		b.Write(plan)
	} else {
		b.WriteString("null")
	}
	b.WriteByte('}')
	return b.Bytes()
}

func snapshotFrame(body []byte) []byte {
	frame := append(make([]byte, 0, len(body)+24), `{"type":"snapshot",`...)
	return append(append(frame, body...), '}')
}

func positionsFrame(at time.Time, list []position) []byte {
	return encode(struct {
		Type      string     `json:"type"`
		At        time.Time  `json:"at"`
		Positions []position `json:"positions"`
	}{"positions", at, list})
}

func heartbeatFrame(at time.Time) []byte {
	return encode(struct {
		Type string    `json:"type"`
		At   time.Time `json:"at"`
	}{"heartbeat", at})
}
