package streams

import (
	"strconv"
	"time"

	"haihe/planner"
)

var positionType = (*planner.PositionReported)(nil).Type()

// Members of a position, as bits.
const (
	memberDeparture = 1 << iota
	memberMode
	memberLat
	memberLon
	memberSpeed
	memberCourse
	memberAt
	allMembers = 1<<iota - 1
)

// plainPosition reads the payload of a PositionReported that is written plainly: no spaces between tokens, no escapes, ASCII
// alone, numbers without exponents. Positions are most of what comes in, and this takes a tenth of the time of schema and
// decoder. What it takes, they would read alike; false says that they shall look, at mistakes too.
func plainPosition(data []byte) (*planner.PositionReported, bool) {
	s := scan{data}
	var p planner.PositionReported
	if !s.take('{') {
		return nil, false
	}
	for seen := 0; ; {
		name, ok := s.text()
		if !ok || !s.take(':') {
			return nil, false
		}
		member := 0
		switch name {
		case "departure":
			member = memberDeparture
			p.Departure, ok = s.text()
		case "mode":
			member = memberMode
			p.Mode, ok = s.text()
		case "lat":
			member = memberLat
			p.Lat, ok = s.number()
		case "lon":
			member = memberLon
			p.Lon, ok = s.number()
		case "speed_knots":
			member = memberSpeed
			p.SpeedKnots, ok = s.number()
		case "course_deg":
			member = memberCourse
			p.CourseDeg, ok = s.number()
		case "at":
			member = memberAt
			p.At, ok = s.time()
		}
		if !ok || member == 0 || seen&member != 0 {
			return nil, false
		}
		seen |= member
		if s.take(',') {
			continue
		}
		if !s.take('}') || len(s.rest) > 0 || seen != allMembers || p.CourseDeg >= 360 || p.Validate() != nil {
			return nil, false
		}
		return &p, true
	}
}

// scan takes plain JSON tokens from the front of rest.
type scan struct{ rest []byte }

func (s *scan) take(c byte) bool {
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scan) text() (string, bool) {
	if !s.take('"') {
		return "", false
	}
	for i, c := range s.rest {
		switch {
		case c == '"':
			text := string(s.rest[:i])
			s.rest = s.rest[i+1:]
			return text, true
		case c < ' ' || c > '~' || c == '\\':
			return "", false
		}
	}
	return "", false
}

func (s *scan) digits() bool {
	n := 0
	for n < len(s.rest) && s.rest[n] >= '0' && s.rest[n] <= '9' {
		n++
	}
	s.rest = s.rest[n:]
	return n > 0
}

func (s *scan) number() (float64, bool) {
	all := s.rest
	s.take('-')
	if !s.take('0') && !s.digits() { // a digit behind a leading 0 is no end of a member
		return 0, false
	}
	if s.take('.') && !s.digits() {
		return 0, false
	}
	x, err := strconv.ParseFloat(string(all[:len(all)-len(s.rest)]), 64)
	return x, err == nil
}

// time reads such as "2027-03-01T08:30:00Z", with up to nine digits behind the seconds.
func (s *scan) time() (time.Time, bool) {
	const shape = "0000-00-00T00:00:00"
	text, ok := s.text()
	if !ok || len(text) <= len(shape) {
		return time.Time{}, false
	}
	for i := range shape {
		if digit := text[i] >= '0' && text[i] <= '9'; shape[i] == '0' && !digit || shape[i] != '0' && text[i] != shape[i] {
			return time.Time{}, false
		}
	}
	behind := scan{[]byte(text[len(shape):])}
	if behind.take('.') && (!behind.digits() || len(text) > len(shape)+11) {
		return time.Time{}, false
	}
	if !behind.take('Z') || len(behind.rest) > 0 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	return t, err == nil
}
