package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// batchMost is how many requests one batch may hold; the ledger takes them side by side, batchAtOnce at a time.
const (
	batchMost   = 500
	batchAtOnce = 256 // as many as the ledger writes together
)

type batchInput struct {
	Key  string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"150" doc:"Any text of your own for the whole order book; with the name of a row it names that row's request, so a row that is sent again happens once"`
	Body struct {
		Rows []batchRow `json:"rows" minItems:"1" maxItems:"500" nullable:"false"`
	}
}

type batchRow struct {
	Row     string         `json:"row" minLength:"1" maxLength:"40" doc:"Its name in the order book, e.g. its number"`
	Request map[string]any `json:"request" doc:"As in POST /api/requests"`
}

type batchAnswer struct {
	Body struct {
		Rows []batchOutcome `json:"rows" doc:"In the order sent"`
	}
}

// batchOutcome is either an id, or what is wrong.
type batchOutcome struct {
	Row    string       `json:"row"`
	ID     string       `json:"id,omitempty"`
	Status int          `json:"status" doc:"As the row alone would have been answered: 201, 422, 503"`
	Detail string       `json:"detail,omitempty"`
	Errors []batchFault `json:"errors,omitempty"`
}

type batchFault struct {
	Field   string            `json:"field" doc:"Of the request; empty: all of it"`
	Message string            `json:"message"`
	Code    string            `json:"code,omitempty" doc:"As in the errors of a problem"`
	Params  map[string]string `json:"params,omitempty"`
}

func (s *Server) apiBatch(a huma.API) {
	// Rows are checked one by one against the schema of a request, so that one bad row spoils no other.
	registry := a.OpenAPI().Components.Schemas
	schema := registry.Schema(requestType, true, "requestBody")
	operation(s, a, huma.Operation{OperationID: "submit-requests", Method: http.MethodPost, Path: "/api/requests/batch", Tags: []string{"requests"},
		Summary: "Ask for many matches, each for itself",
		Description: "Each row is accepted or refused for itself, with its reasons. Send an order book of any length in batches of up to 500 " +
			"rows; after a broken connection send the batch again with the same key."}, []Role{Exporter},
		func(ctx context.Context, who session, in *batchInput) (*batchAnswer, error) {
			answer := &batchAnswer{}
			answer.Body.Rows = make([]batchOutcome, len(in.Body.Rows))
			free := make(chan struct{}, batchAtOnce)
			var all sync.WaitGroup
			for i := range in.Body.Rows {
				free <- struct{}{}
				all.Go(func() {
					defer func() { <-free }()
					answer.Body.Rows[i] = s.submitRow(ctx, who, in.Key, &in.Body.Rows[i], registry, schema)
				})
			}
			all.Wait()
			return answer, nil
		})
}

func (s *Server) submitRow(ctx context.Context, who session, key string, row *batchRow, registry huma.Registry, schema *huma.Schema) batchOutcome {
	out := batchOutcome{Row: row.Row, Status: http.StatusCreated}
	var checked huma.ValidateResult
	huma.Validate(registry, schema, huma.NewPathBuffer([]byte("body"), 4), huma.ModeWriteToServer, any(row.Request), &checked)
	var err error
	if len(checked.Errors) > 0 {
		err = huma.Error422UnprocessableEntity("validation failed", checked.Errors...)
	} else {
		var b requestBody
		if err = strictJSON.Unmarshal(encode(row.Request), &b); err != nil {
			err = huma.Error422UnprocessableEntity(err.Error())
		} else {
			var m *made
			if m, err = s.submitOne(ctx, who, key+"\x00"+row.Row, &b); err == nil {
				out.ID = m.Body.ID
				return out
			}
		}
	}
	var problem *huma.ErrorModel
	if !errors.As(s.asProblem(err), &problem) {
		problem = &huma.ErrorModel{Status: http.StatusServiceUnavailable, Detail: "no answer in time; send the row again with the same key"}
	}
	out.Status, out.Detail = problem.Status, cut(problem.Detail, 500)
	for i, e := range problem.Errors {
		if i == 20 {
			break
		}
		code, params := faultOf(e.Message)
		out.Errors = append(out.Errors, batchFault{strings.TrimPrefix(strings.TrimPrefix(e.Location, "body"), "."), cut(e.Message, 300), code, params})
	}
	return out
}
