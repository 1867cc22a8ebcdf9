package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"haihe/planner"
)

func checkCommand() *cobra.Command {
	var gap, regret float64
	cmd := &cobra.Command{
		Use:   "check [flags] PROBLEM PLAN",
		Short: "Verify a plan against its problem",
		Long: `Recomputes from the problem all that a plan claims: that every cargo can travel as it says and
arrives in time, costs, room, and the bound that its prices prove. Writes each fault, and a verdict
of one line. One of the two files may be - for the standard input.

Exits with 1 if there is a fault, or if the proven gap or regret is above the one asked for.`,
		Example: `  haihe check problem.json plan.json
  haihe solve problem.json | haihe check --gap 1e-6 problem.json -`,
		Args: exactArgs("PROBLEM", "PLAN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" && args[1] == "-" {
				return misused("only one of PROBLEM and PLAN can be the standard input")
			}
			for _, name := range []string{"gap", "regret"} {
				if x, _ := cmd.Flags().GetFloat64(name); cmd.Flags().Changed(name) && !(x >= 0) {
					return misused("--%s must be a number of 0 or more", name)
				}
			}
			p, err := readProblem(cmd.Context(), args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			plan, err := readPlan(cmd.Context(), args[1], cmd.InOrStdin())
			if err != nil {
				return err
			}
			v, err := planner.Check(p, plan)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, f := range v.Faults {
				fmt.Fprintln(out, "fault:", f)
			}
			fmt.Fprintln(out, v)
			wide := cmd.Flags().Changed("gap") && v.Gap > gap || cmd.Flags().Changed("regret") && v.Regret > regret
			if v.FaultCount > 0 || wide {
				return errVerdict
			}
			return nil
		},
	}
	cmd.Flags().Float64Var(&gap, "gap", 0, "fail if the proven gap, (objective − bound)/|objective|, is above this")
	cmd.Flags().Float64Var(&regret, "regret", 0, "fail if the proven regret, the share of the possible saving that may be missed, is above this")
	return cmd
}
