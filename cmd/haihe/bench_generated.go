package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"haihe/planner"
)

// generatedBench measures something on the problem of one row that the referee generates.
type generatedBench struct {
	bench
	row  string
	seed int
}

func (b *generatedBench) flags(cmd *cobra.Command, seed string) {
	cmd.Flags().StringVar(&b.row, "size", "M", "the row whose problem it is: S, M, H or L")
	cmd.Flags().IntVar(&b.seed, "seed", 1, seed)
}

// take takes over what haihe bench was told.
func (b *generatedBench) take(cmd *cobra.Command, parent *bench) error {
	b.errOut, b.dir, b.judge, b.made, b.versions = cmd.ErrOrStderr(), parent.dir, parent.judge, parent.made, parent.versions
	if err := findPrograms(&b.judge); err != nil {
		return err
	}
	return os.MkdirAll(b.dir, 0o755)
}

// open takes over what haihe bench was told, and returns the row's problem with the path of its file.
func (b *generatedBench) open(cmd *cobra.Command, parent *bench) (path string, p *planner.Problem, err error) {
	if err := b.take(cmd, parent); err != nil {
		return "", nil, err
	}
	k := slices.IndexFunc(benchRows, func(r benchRow) bool { return r.name == b.row && r.size != nil })
	if k < 0 {
		return "", nil, misused("there is no generated row %q", b.row)
	}
	if path, err = b.problem(cmd.Context(), &benchRows[k], b.seed); err != nil {
		return "", nil, err
	}
	p, err = readProblem(cmd.Context(), path, nil)
	return path, p, err
}

// findPrograms makes the paths of programs good from any folder; those that are "" are not asked for.
func findPrograms(programs ...*string) error {
	for _, program := range programs {
		if *program == "" {
			continue
		}
		path, err := filepath.Abs(*program)
		if err != nil {
			return err
		}
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("there is no program %s", *program)
		}
		*program = path
	}
	return nil
}
