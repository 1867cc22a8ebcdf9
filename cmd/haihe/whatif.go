package main

import (
	"context"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"haihe/planner"
	"haihe/planner/optimize"
	"haihe/planner/scenario"
)

// supposed is a file of changes.
type supposed struct {
	Name    string            `json:"name,omitempty"`
	Changes []scenario.Change `json:"changes"`
}

func whatifCommand() *cobra.Command {
	var export bool
	cmd := &cobra.Command{
		Use:   "whatif [flags] PROBLEM CHANGES",
		Short: "What changes would do to the plan of a problem file",
		Long: `Plans a problem as it is and with changes, and writes the difference (JSON) to the standard output: cost, m3, days and
CO2e, by market and lane, bottlenecks, who gains and who loses. CHANGES is a JSON file like
  {"changes": [{"kind": "passage_shut", "passage": "suez"}, {"kind": "port_strike", "place": "USLAX", "days": 10}]}
with what POST /api/scenarios takes. With --export it writes the problem with the changes instead.`,
		Example: `  haihe whatif problem.json suez.json
  haihe whatif --export problem.json suez.json | haihe solve --regret 1e-4 --search 8000 - > plan.json`,
		Args: exactArgs("PROBLEM", "CHANGES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := readProblem(cmd.Context(), args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			changes, err := readFile(cmd.Context(), args[1], cmd.InOrStdin(), readChanges)
			if err != nil {
				return err
			}
			return whatif(cmd.Context(), cmd.OutOrStdout(), p, changes.Changes, args[1], export)
		},
	}
	cmd.Flags().BoolVar(&export, "export", false, "write the problem with the changes")
	return cmd
}

func readChanges(r io.Reader, name string) (*supposed, error) {
	var s supposed
	if err := json.UnmarshalRead(r, &s, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("%s: it must be like {\"changes\": [{\"kind\": \"passage_shut\", \"passage\": \"suez\"}]}: %w", name, err)
	}
	return &s, nil
}

func whatif(ctx context.Context, out io.Writer, p *planner.Problem, changes []scenario.Change, name string, export bool) error {
	base := scenario.Of(p)
	after, err := base.Problem(changes...)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := after.Validate(); err != nil {
		return fmt.Errorf("%s: the problem with the changes cannot be planned: %w", name, err)
	}
	if export {
		return planner.EncodeProblem(out, after)
	}
	before, err := base.Problem()
	if err != nil {
		return err
	}
	planBefore, err := optimize.Solve(ctx, before, scenario.Options())
	if err != nil {
		return err
	}
	planAfter, err := optimize.Solve(ctx, after, scenario.Options())
	if err != nil {
		return err
	}
	return json.MarshalWrite(out, scenario.Compare(before, planBefore, after, planAfter), jsontext.WithIndent("  "))
}
