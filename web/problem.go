package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner"
	"haihe/planner/live"
)

// Problems are RFC 9457 details: what is wrong, and for each field where and why.

// maxEcho is how much of a wrong value is told back.
const maxEcho = 100

// trimEcho is a huma transformer that cuts the values that problems tell back, and gives faults their codes.
func trimEcho(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	for _, e := range p.Errors {
		if e != nil {
			e.Value, e.Message, e.Location = echo(e.Value), cut(e.Message, 1000), cut(e.Location, 300)
		}
	}
	const most = 20
	if len(p.Errors) > most {
		p.Errors = append(p.Errors[:most:most], &huma.ErrorDetail{Message: "and " + strconv.Itoa(len(p.Errors)-most) + " more"})
	}
	return problemWithCodes(p), nil
}

// echo returns a value fit to be told back: short texts and numbers.
func echo(v any) any {
	switch v := v.(type) {
	case string:
		return cut(v, maxEcho)
	case bool, int, int64, float64, nil:
		return v
	}
	return nil
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// writeProblem answers where huma does not.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(&huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
}

// wrongField is a 422 that names one field, as in "body.origin".
func wrongField(location, message string, value any) error {
	return huma.Error422UnprocessableEntity("validation failed", &huma.ErrorDetail{Location: location, Message: message, Value: value})
}

// problemType begins the type of a problem that has a code, by which the page tells it in the reader's language.
const problemType = "urn:haihe:problem:"

// coded gives a problem its code.
func coded(code string, err error) error {
	var model *huma.ErrorModel
	if errors.As(err, &model) {
		model.Type = problemType + code
	}
	return err
}

// matches holds an If-Match header against the revision of a thing that holds now. Left out, or *, it asks for none.
func matches(header, now, thing string) error {
	if header == "" || header == "*" || strings.Trim(header, `"`) == now {
		return nil
	}
	return coded("changed", huma.NewError(http.StatusPreconditionFailed, "somebody has changed this "+thing+" since; look at it again and decide what is to hold",
		&huma.ErrorDetail{Location: "header.If-Match", Message: "is not the revision that holds now", Value: now}))
}

// asProblem turns what Validate, Submit and the other funcs of Config return into an answer.
func (s *Server) asProblem(err error) error {
	if err == nil {
		return nil
	}
	answer := s.problemOf(err)
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return coded(r.code, answer)
		}
	}
	return answer
}

func (s *Server) problemOf(err error) error {
	var status huma.StatusError
	if errors.As(err, &status) {
		return err
	}
	if fields := fieldsOf(err); fields != nil {
		return huma.Error422UnprocessableEntity("validation failed", fields...)
	}
	switch {
	case errors.Is(err, ErrInvalid):
		return huma.Error422UnprocessableEntity(err.Error())
	case errors.Is(err, live.ErrNotYours):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, planner.ErrNoBooking):
		return huma.Error404NotFound("you have no such booking")
	case errors.Is(err, planner.ErrOtherBody):
		return otherBody()
	case errors.Is(err, planner.ErrTooMany):
		return huma.Error429TooManyRequests(err.Error())
	case errors.Is(err, live.ErrMatchChanged):
		return huma.Error409Conflict("the match has changed since you saw it; look at it again")
	case errors.Is(err, ErrConflict), errors.Is(err, live.ErrNotMatched), errors.Is(err, planner.ErrNoRoom), errors.Is(err, planner.ErrTooMuch),
		errors.Is(err, planner.ErrWrongStatus), errors.Is(err, planner.ErrLapsed):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, live.ErrNotLeading):
		return retryLater(huma.Error503ServiceUnavailable("no instance leads just now, and another is about to. Send the command again with the same Idempotency-Key"))
	case errors.Is(err, live.ErrNotPlanned):
		return retryLater(huma.Error503ServiceUnavailable("there is no plan yet; try again in a moment"))
	case errors.Is(err, ErrNotReady), errors.Is(err, live.ErrStopped):
		return retryLater(huma.Error503ServiceUnavailable("the service is starting or stopping; try again in a moment"))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return retryLater(huma.Error503ServiceUnavailable("no answer in time; what became of the command is not known. Send it again with the same Idempotency-Key"))
	}
	s.cfg.Logger.Error("web: a command failed", "error", err)
	return retryLater(huma.Error503ServiceUnavailable("the log did not confirm the command; what became of it is not known. Send it again with the same Idempotency-Key"))
}

func retryLater(err error) error {
	return huma.ErrorWithHeaders(err, http.Header{"Retry-After": {"2"}})
}

func fieldsOf(err error) []error {
	var list *planner.FieldErrors
	var one *planner.FieldError
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = &planner.FieldErrors{List: []*planner.FieldError{one}}
	default:
		return nil
	}
	details := make([]error, 0, len(list.List)+1)
	for _, f := range list.List {
		location := "body"
		if f.Path != "" {
			location += "." + f.Path
		}
		details = append(details, &huma.ErrorDetail{Location: location, Message: f.Problem})
	}
	if list.More > 0 {
		details = append(details, &huma.ErrorDetail{Message: "and " + strconv.Itoa(list.More) + " more"})
	}
	return details
}

func byteText(offset int64) string { return " (byte " + strconv.FormatInt(offset, 10) + ")" }
