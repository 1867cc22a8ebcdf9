package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"haihe/planner"
)

// stdinName is what errors call a file read from the standard input.
const stdinName = "standard input"

// readFile opens the named file, or the standard input for "-", and has decode read it.
func readFile[T any](ctx context.Context, path string, stdin io.Reader, decode func(io.Reader, string) (*T, error)) (*T, error) {
	if path == "-" {
		return untilDone(ctx, func() (*T, error) { return decode(stdin, stdinName) })
	}
	f, err := os.Open(path)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			return nil, fmt.Errorf("%s: %w", path, at.Err)
		}
		return nil, err
	}
	defer f.Close()
	return decode(f, path)
}

// untilDone returns what read returns, or gives up when ctx ends: a read of a terminal cannot be interrupted.
func untilDone[T any](ctx context.Context, read func() (*T, error)) (*T, error) {
	type result struct {
		value *T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: interrupted", stdinName)
	}
}

func readProblem(ctx context.Context, path string, stdin io.Reader) (*planner.Problem, error) {
	return readFile(ctx, path, stdin, planner.DecodeProblem)
}

func readPlan(ctx context.Context, path string, stdin io.Reader) (*planner.Plan, error) {
	return readFile(ctx, path, stdin, planner.DecodePlan)
}
