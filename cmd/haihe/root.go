package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// verbs are the commands in the order of the help text.
func verbs() []*cobra.Command {
	return []*cobra.Command{
		serveCommand(),
		solveCommand(),
		whatifCommand(),
		checkCommand(),
		whyCommand(),
		distanceCommand(),
		benchCommand(),
		importCommand(),
		exportCommand(),
		feedCommand(),
		linkCommand(),
		accessCommand(),
		auditCommand(),
		ledgerCommand(),
		healthCommand(),
	}
}

// Exit codes.
const (
	exitOK      = 0
	exitFailed  = 1
	exitMisused = 2
)

// errVerdict ends the process with exitFailed after the verb has said on its output why.
var errVerdict = errors.New("the verdict is against it")

// usageError is a command line that makes no sense.
type usageError struct{ error }

func misused(format string, a ...any) error { return usageError{fmt.Errorf(format, a...)} }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "haihe",
		Short: "Plan logistics and overseas-warehouse capacity",
		Long: `Haihe plans the capacity that exporters, carriers and overseas warehouses share: it matches
every request to dated departures and a public warehouse at the least cost, and proves how far
from the best the plan can be.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				return misused("unknown command %q; is it %s?", args[0], strings.Join(near, " or "))
			}
			return misused("unknown command %q", args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			_ = cmd.Help()
			return usageError{}
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetVersionTemplate("haihe {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(verbs()...)
	return root
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	cmd, err := root.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errVerdict):
		return exitFailed
	case errors.As(err, &usage):
		if usage.error != nil {
			fmt.Fprintf(errOut, "haihe: %v\nTry '%s --help'.\n", err, cmd.CommandPath())
		}
		return exitMisused
	}
	fmt.Fprintf(errOut, "haihe: %v\n", err)
	return exitFailed
}

// exactArgs wants one argument for each name.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return misused("%s: %s is missing", cmd.CommandPath(), strings.Join(names[len(args):], " and "))
		case len(args) > len(names):
			return misused("%s: unexpected argument %q", cmd.CommandPath(), args[len(names)])
		}
		return nil
	}
}
