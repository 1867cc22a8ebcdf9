package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"haihe/planner/optimize"
)

func whyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "why PROBLEM PLAN REQUEST",
		Short: "Say exactly why a request of a plan stays behind",
		Long: `Plans a problem to the best, from a plan of it that may have been stopped early, and says of one
request how much the best plan leaves behind, why, and what would help: as "unmatched" of a plan
(haihe.plan/1) does. Where requests may be split, each change is the smallest that does. A fraction
of 0 means that the best plan takes all of the request. Takes about as long as a solve to a gap of
1e-9. One of the two files may be - for the standard input.`,
		Example: `  haihe solve --regret 1e-3 problem.json > plan.json
  haihe why problem.json plan.json R17`,
		Args: exactArgs("PROBLEM", "PLAN", "REQUEST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" && args[1] == "-" {
				return misused("only one of PROBLEM and PLAN can be the standard input")
			}
			p, err := readProblem(cmd.Context(), args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			plan, err := readPlan(cmd.Context(), args[1], cmd.InOrStdin())
			if err != nil {
				return err
			}
			why, err := optimize.Why(cmd.Context(), p, plan, args[2], optimize.Options{})
			if err != nil {
				return err
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetEscapeHTML(false)
			out.SetIndent("", "  ")
			return out.Encode(why)
		},
	}
}
