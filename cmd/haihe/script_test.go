package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"haihe/planner"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"haihe": main})
}

// The scripts under testdata/script run the program as a person does.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: false,
		Setup: func(e *testscript.Env) error {
			problem, err := os.ReadFile("testdata/problem.json")
			if err != nil {
				return err
			}
			return os.WriteFile(e.WorkDir+"/problem.json", problem, 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// change OLD NEW FILE writes problem.json to FILE with OLD replaced by NEW.
			"change": func(ts *testscript.TestScript, _ bool, args []string) {
				before := ts.ReadFile("problem.json")
				after := strings.Replace(before, args[0], args[1], 1)
				if before == after {
					ts.Fatalf("%q does not stand in problem.json", args[0])
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(after), 0o600))
			},
			// flood OLD FILE is change, with a text of 10 MB for the new.
			"flood": func(ts *testscript.TestScript, _ bool, args []string) {
				text := strings.Replace(ts.ReadFile("problem.json"), args[0], `"`+strings.Repeat("x", 10<<20)+`"`, 1)
				ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
			},
			// short wants a short standard error of the last command.
			"short": func(ts *testscript.TestScript, _ bool, _ []string) {
				if text := ts.ReadFile("stderr"); len(text) > 400 {
					ts.Fatalf("an error of %d bytes", len(text))
				}
			},
		},
	})
}

// An interrupt that comes before the first step leaves a plan all the same.
func TestSolveInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errOut bytes.Buffer
	require.Equal(t, exitOK, run(ctx, []string{"solve", "testdata/problem.json"}, nil, &out, &errOut), errOut.String())
	plan, err := planner.DecodePlan(&out, "plan")
	require.NoError(t, err)
	p, err := readProblem(t.Context(), "testdata/problem.json", nil)
	require.NoError(t, err)
	v, err := planner.Check(p, plan)
	require.NoError(t, err)
	assert.Empty(t, v.Faults)
}

func TestInterruptEndsReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	go func() {
		_, _ = w.Write([]byte(`{"version": `)) // once this is read, the rest is waited for
		cancel()
	}()
	var out, errOut bytes.Buffer
	assert.Equal(t, exitFailed, run(ctx, []string{"solve", "-"}, r, &out, &errOut))
	assert.Equal(t, "haihe: standard input: interrupted\n", errOut.String())
}

func TestExitCodes(t *testing.T) {
	for args, want := range map[string]int{
		"solve testdata/problem.json": exitOK,
		"--help":                      exitOK,
		"help solve":                  exitOK,
		"solve testdata/none.json":    exitFailed,
		"check testdata/problem.json testdata/problem.json": exitFailed,
		"":                      exitMisused,
		"plan":                  exitMisused,
		"solve":                 exitMisused,
		"solve --nonsense x":    exitMisused,
		"solve --gap=-1 x":      exitMisused,
		"solve x y":             exitMisused,
		"ledger":                exitMisused,
		"ledger look":           exitMisused,
		"ledger verify x":       exitMisused,
		"check - -":             exitMisused,
		"check --regret=-1 x -": exitMisused,
	} {
		var out, errOut bytes.Buffer
		assert.Equal(t, want, run(t.Context(), strings.Fields(args), strings.NewReader(""), &out, &errOut), "haihe %s: %s", args, errOut.String())
	}
}

func TestHelpHasExamples(t *testing.T) {
	for _, cmd := range verbs() {
		assert.NotEmpty(t, cmd.Short, cmd.Name())
		assert.Contains(t, cmd.Example, "haihe "+cmd.Name(), "an example of haihe %s", cmd.Name())
	}
}
