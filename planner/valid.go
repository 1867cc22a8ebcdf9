package planner

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What a name, a text, a number and a time may be at most. They keep one field from filling the memory, and sums
// and products from leaving float64.
const (
	maxIDBytes   = 200
	maxTextBytes = 2000
	maxWords     = 200 // entries of a list of classes or modes
	maxAmount    = 1e18
	maxDays      = 3660 // of a horizon or a stay: ten years
	maxTiers     = 20   // of a warehouse
	maxHours     = 24 * maxDays
	minYear      = 1970
	maxYear      = 2199
)

// maxFieldErrors is how many errors are told together; the rest are counted.
const maxFieldErrors = 10

// FieldError says what is wrong with one field. Path is as in "departures[17].capacity_m3".
type FieldError struct {
	Path    string
	Problem string // completes a sentence: "must not be negative, got -3"
}

func (e *FieldError) Error() string {
	if e.Path == "" {
		return e.Problem
	}
	return e.Path + ": " + e.Problem
}

// FieldErrors is what a validation found: at most maxFieldErrors errors, and how many more there are.
type FieldErrors struct {
	List []*FieldError
	More int
}

func (e *FieldErrors) Error() string {
	var b strings.Builder
	for i, f := range e.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.Error())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", e.More)
	}
	return b.String()
}

// Unwrap lets errors.As find a FieldError.
func (e *FieldErrors) Unwrap() []error {
	list := make([]error, len(e.List))
	for i, f := range e.List {
		list[i] = f
	}
	return list
}

// fieldErrors collects what is wrong, field by field. Methods take the name of a field of the object that base
// names, and build its path only when there is something to say.
type fieldErrors struct {
	base  string
	found FieldErrors
}

// err returns a *FieldErrors, or nil if all is well.
func (fe *fieldErrors) err() error {
	if len(fe.found.List) == 0 {
		return nil
	}
	return &fe.found
}

// add says that a field is wrong. An empty field means the object itself.
func (fe *fieldErrors) add(field, format string, a ...any) {
	if len(fe.found.List) >= maxFieldErrors {
		fe.found.More++
		return
	}
	fe.found.List = append(fe.found.List, &FieldError{Path: joinPath(fe.base, field), Problem: fmt.Sprintf(format, a...)})
}

// under makes path the base of the fields that follow, until the returned function is called.
func (fe *fieldErrors) under(path string) (back func()) {
	old := fe.base
	fe.base = joinPath(old, path)
	return func() { fe.base = old }
}

func joinPath(base, field string) string {
	if base == "" || field == "" || field[0] == '[' {
		return base + field
	}
	return base + "." + field
}

// element is the path of the i-th element of a list.
func element(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// short quotes what came from outside, cut so that no field can flood a screen.
func short(s string) string {
	const most = 60
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "…"
}

// id wants a name that others refer to: not empty, at most 200 bytes, UTF-8 without spaces at its ends or control
// characters.
func (fe *fieldErrors) id(field, s string) {
	if s == "" {
		fe.add(field, "must not be empty")
		return
	}
	fe.optionalID(field, s)
}

// optionalID is id where none is fine too.
func (fe *fieldErrors) optionalID(field, s string) {
	fe.text(field, s, maxIDBytes)
	if len(s) <= maxIDBytes && strings.TrimSpace(s) != s {
		fe.add(field, "must not begin or end with a space, got %s", short(s))
	}
}

// text wants at most the given number of bytes of UTF-8 without control characters.
func (fe *fieldErrors) text(field, s string, maxBytes int) {
	if len(s) > maxBytes {
		fe.add(field, "must be at most %d bytes long, is %d", maxBytes, len(s))
		return
	}
	if plain(s) {
		return
	}
	if !utf8.ValidString(s) {
		fe.add(field, "must be UTF-8, got %s", short(s))
		return
	}
	if i := strings.IndexFunc(s, unicode.IsControl); i >= 0 {
		fe.add(field, "must have no control character, got %s", short(s))
	}
}

// plain tells whether s is printable ASCII without spaces, as nearly every name is.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// finite wants a number of at most 1e18 either way.
func (fe *fieldErrors) finite(field string, x float64) bool {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		fe.add(field, "must be a finite number, got %v", x)
	case math.Abs(x) > maxAmount:
		fe.add(field, "must be at most %g, got %g", float64(maxAmount), x)
	default:
		return true
	}
	return false
}

// nonNeg wants a finite number ≥ 0.
func (fe *fieldErrors) nonNeg(field string, x float64) {
	if fe.finite(field, x) && x < 0 {
		fe.add(field, "must not be negative, got %v", x)
	}
}

// positive wants a finite number > 0.
func (fe *fieldErrors) positive(field string, x float64) {
	if fe.finite(field, x) && x <= 0 {
		fe.add(field, "must be above 0, got %v", x)
	}
}

// within wants lo ≤ x ≤ hi.
func (fe *fieldErrors) within(field string, x, lo, hi float64) {
	if !(x >= lo && x <= hi) {
		fe.add(field, "must be from %v to %v, got %v", lo, hi, x)
	}
}

// count wants lo ≤ n ≤ hi.
func (fe *fieldErrors) count(field string, n, lo, hi int) {
	if n < lo || n > hi {
		fe.add(field, "must be from %d to %d, got %d", lo, hi, n)
	}
}

// hours wants a span from 0 to ten years.
func (fe *fieldErrors) hours(field string, x float64) { fe.within(field, x, 0, maxHours) }

// latlon wants degrees in the fields lat and lon.
func (fe *fieldErrors) latlon(lat, lon float64) {
	fe.within("lat", lat, -90, 90)
	fe.within("lon", lon, -180, 180)
}

// oneOf wants one of the given words.
func (fe *fieldErrors) oneOf(field, s string, words ...string) {
	for _, w := range words {
		if s == w {
			return
		}
	}
	if s == "" {
		fe.add(field, "is missing; want %s", strings.Join(words, ", "))
		return
	}
	fe.add(field, "must be one of %s, got %s", strings.Join(words, ", "), short(s))
}

// ids wants a list of names.
func (fe *fieldErrors) ids(field string, list []string) {
	if len(list) > maxWords {
		fe.add(field, "must have at most %d entries, has %d", maxWords, len(list))
		return
	}
	for i, s := range list {
		if s == "" || len(s) > maxIDBytes || !plain(s) {
			fe.id(element(field, i), s)
		}
	}
}

// modes wants a list of modes of transport.
func (fe *fieldErrors) modes(field string, list []string) {
	if len(list) > maxWords {
		fe.add(field, "must have at most %d entries, has %d", maxWords, len(list))
		return
	}
	for i, s := range list {
		fe.mode(element(field, i), s)
	}
}

// mode wants one of the modes of transport.
func (fe *fieldErrors) mode(field, s string) {
	fe.oneOf(field, s, ModeSea, ModeAir, ModeRail, ModeRoad, ModePost)
}

// time wants an instant in UTC between the years 1970 and 2199.
func (fe *fieldErrors) time(field string, t time.Time) bool {
	_, offset := t.Zone()
	switch {
	case t.IsZero():
		fe.add(field, `is missing; want a time in UTC such as "2027-03-01T08:30:00Z"`)
	case offset != 0:
		fe.add(field, `must be in UTC, e.g. %s, got %s`, t.UTC().Format(time.RFC3339), t.Format(time.RFC3339))
	case t.Year() < minYear || t.Year() > maxYear:
		fe.add(field, "must be in the years %d to %d, got %s", minYear, maxYear, t.Format(time.RFC3339))
	default:
		return true
	}
	return false
}

// timeOrder wants the later time not before the earlier, or after it if strict. Both are fields of the base.
func (fe *fieldErrors) timeOrder(earlyField string, early time.Time, lateField string, late time.Time, strict bool) {
	if strict && !late.After(early) {
		fe.add(lateField, "must be after %s, %s, got %s", earlyField, early.Format(time.RFC3339), late.Format(time.RFC3339))
	} else if late.Before(early) {
		fe.add(lateField, "must not be before %s, %s, got %s", earlyField, early.Format(time.RFC3339), late.Format(time.RFC3339))
	}
}

// date wants a day such as 2027-03-01.
func (fe *fieldErrors) date(field, s string) {
	if t, err := time.Parse(time.DateOnly, s); err != nil {
		fe.add(field, "must be a date such as 2027-03-01, got %s", short(s))
	} else {
		fe.time(field, t)
	}
}

// perDay wants amounts ≥ 0, one or as many as there are days; days 0 means any number up to maxDays.
func (fe *fieldErrors) perDay(field string, list PerDay, days int) {
	switch n := len(list); {
	case n == 0:
		fe.add(field, "is missing; want a number, or one number a day")
	case n == 1:
		fe.nonNeg(field, list[0])
		return
	case days > 0 && n != days:
		fe.add(field, "must have one number, or one for each of the %d days, has %d", days, n)
	case n > maxDays:
		fe.add(field, "must have at most %d numbers, has %d", maxDays, n)
	}
	for i, x := range list {
		if i >= maxDays {
			return
		}
		if !(x >= 0 && x <= maxAmount) {
			fe.nonNeg(element(field, i), x)
		}
	}
}
