package web

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner/scenario"
)

type scenarioInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own; the same question sent twice with the same key is asked once"`
	Body scenarioQuestion
}

type scenarioQuestion struct {
	Name    string            `json:"name" minLength:"1" maxLength:"200"`
	Changes []scenario.Change `json:"changes" minItems:"1" maxItems:"20" nullable:"false" doc:"All at once"`
}

type renameInput struct {
	ID   string `path:"id" minLength:"1" maxLength:"200"`
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200"`
	}
}

type scenarioSummary struct {
	ID        string             `json:"id"`
	Name      string             `json:"name"`
	By        string             `json:"by"`
	CreatedAt time.Time          `json:"created_at"`
	Changes   []scenario.Change  `json:"changes"`
	Status    string             `json:"status" enum:"waiting,running,done,failed,cancelled,unsolved"`
	Progress  *scenario.Progress `json:"progress,omitempty" doc:"While it waits or runs here"`
	BaseAt    *time.Time         `json:"base_at,omitempty" doc:"When things stood as the last answer took them"`
	SolvedAt  *time.Time         `json:"solved_at,omitempty"`
	Seconds   float64            `json:"seconds,omitempty" doc:"From the question to the answer"`
	Problem   string             `json:"problem,omitempty" doc:"Why there is no answer"`
	Totals    *scenario.Totals   `json:"totals,omitempty"`
	Currency  string             `json:"currency,omitempty"`
}

type scenarioView struct {
	scenarioSummary
	Difference *scenario.Difference `json:"difference,omitempty" doc:"Figures that fewer than three owners make up are null"`
}

func viewScenario(x scenario.Scenario) scenarioView {
	v := scenarioView{scenarioSummary: scenarioSummary{ID: x.ID, Name: x.Name, By: x.By, CreatedAt: x.CreatedAt, Changes: list(x.Changes),
		Status: x.Status, Progress: x.Progress}}
	if a := x.Answer; a != nil {
		v.BaseAt, v.SolvedAt, v.Seconds, v.Problem, v.Difference = &a.BaseAt, &a.SolvedAt, a.Seconds, a.Problem, a.Difference
		if a.Difference != nil {
			v.Totals, v.Currency = &a.Difference.Totals, a.Difference.Currency
		}
	}
	return v
}

func (s *Server) apiScenarios(a huma.API) {
	desk := s.cfg.Scenarios
	if desk == nil {
		return
	}
	commission := []Role{Commission}
	op := func(id, method, path, summary string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/api/scenarios" + path, Tags: []string{"what-if"}, Summary: summary, Errors: errors}
	}
	operation(s, a, op("list-scenarios", http.MethodGet, "", "What-ifs that are kept, the newest first, without their tables"), commission,
		func(context.Context, session, *nothing) (*body[[]scenarioSummary], error) {
			found := []scenarioSummary{}
			for _, x := range desk.List() {
				found = append(found, viewScenario(x).scenarioSummary)
			}
			return &body[[]scenarioSummary]{found}, nil
		})
	create := op("create-scenario", http.MethodPost, "", "Ask what if: keep the changes under a name, and solve them beside the live plan", 429)
	create.DefaultStatus = http.StatusCreated
	create.Description = "The live plan is not touched. GET /api/scenarios/{id} tells the progress and, when it is done, the difference."
	operation(s, a, create, commission, func(ctx context.Context, who session, in *scenarioInput) (*body[scenarioView], error) {
		const operation = "create-scenario"
		return once(ctx, s, who, operation, in.Key, in.Body, func(ctx context.Context) (*body[scenarioView], error) {
			id := scenario.NewID()
			if in.Key != "" {
				id = "whatif-" + hex.EncodeToString(newName(who, operation, in.Key).seed[:8]) // the same after a restart
			}
			x, err := desk.Create(ctx, id, in.Body.Name, who.Org, in.Body.Changes)
			return scenarioBody(x, err)
		})
	})
	operation(s, a, op("get-scenario", http.MethodGet, "/{id}", "A what-if: its progress, and the difference it makes", 404), commission,
		func(_ context.Context, _ session, in *named) (*body[scenarioView], error) {
			return scenarioBody(desk.Get(in.ID))
		})
	operation(s, a, op("run-scenario", http.MethodPost, "/{id}/run", "Solve a what-if again, on the plan of now", 404, 429), commission,
		func(_ context.Context, _ session, in *named) (*body[scenarioView], error) {
			return scenarioBody(desk.Run(in.ID))
		})
	cancelOp := op("cancel-scenario", http.MethodPost, "/{id}/cancel", "End the solve of a what-if; an older answer stays", 404)
	cancelOp.DefaultStatus = http.StatusNoContent
	operation(s, a, cancelOp, commission, func(_ context.Context, _ session, in *named) (*nothing, error) {
		return nil, scenarioError(desk.Cancel(in.ID))
	})
	rename := op("rename-scenario", http.MethodPatch, "/{id}", "Give a what-if another name", 404)
	rename.DefaultStatus = http.StatusNoContent
	operation(s, a, rename, commission, func(ctx context.Context, _ session, in *renameInput) (*nothing, error) {
		return nil, scenarioError(desk.Rename(ctx, in.ID, in.Body.Name))
	})
	remove := op("delete-scenario", http.MethodDelete, "/{id}", "Forget a what-if", 404)
	remove.DefaultStatus = http.StatusNoContent
	operation(s, a, remove, commission, func(ctx context.Context, _ session, in *named) (*nothing, error) {
		return nil, scenarioError(desk.Delete(ctx, in.ID))
	})
	operation(s, a, op("scenario-problem", http.MethodGet, "/{id}/problem", "The problem of a what-if, haihe.problem/1, while it is at hand", 404), []Role{Operator},
		func(_ context.Context, _ session, in *named) (*rawJSON, error) {
			p, _, err := desk.Work(in.ID)
			return encoded(p, scenarioError(err))
		})
	operation(s, a, op("scenario-plan", http.MethodGet, "/{id}/plan", "The plan of a what-if, haihe.plan/1, while it is at hand", 404), []Role{Operator},
		func(_ context.Context, _ session, in *named) (*rawJSON, error) {
			_, p, err := desk.Work(in.ID)
			return encoded(p, scenarioError(err))
		})
	s.apiScenarioFiles(a, desk, op)
}

func scenarioBody(x scenario.Scenario, err error) (*body[scenarioView], error) {
	if err != nil {
		return nil, scenarioError(err)
	}
	return &body[scenarioView]{viewScenario(x)}, nil
}

// scenarioError words what the desk refuses.
func scenarioError(err error) error {
	switch {
	case errors.Is(err, scenario.ErrNone):
		return huma.Error404NotFound("there is no such what-if; perhaps it was deleted. GET /api/scenarios lists those there are")
	case errors.Is(err, scenario.ErrGone):
		return huma.Error404NotFound("its problem and plan are no longer at hand; solve it again, then ask")
	case errors.Is(err, scenario.ErrBusy):
		return coded("whatifs_busy", retryLater(huma.Error429TooManyRequests("too many what-ifs are being solved; wait for one, or cancel one")))
	case errors.Is(err, scenario.ErrFull):
		return coded("whatifs_full", huma.Error429TooManyRequests("no more what-ifs can be kept; delete one that is no longer needed"))
	}
	return err
}
