package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// solveLP has HiGHS read and solve a linear program whose columns are called x0, x1, … and writes the answer.
func solveLP(path, out string, limit time.Duration) error {
	begun := time.Now()
	h := newHighs()
	if err := h.read(path); err != nil {
		return err
	}
	read := time.Since(begun)
	if err := h.run(begun.Add(limit)); errors.Is(err, errTime) {
		return fmt.Errorf("%s: no answer after %.0f s, %.0f MiB", path, time.Since(begun).Seconds(), peakMiB())
	} else if err != nil {
		return err
	}
	columns, rows := h.size()
	value, dual := make([]float64, columns), make([]float64, rows)
	h.solution(value, dual)
	fmt.Printf(`{"reached":"optimal","seconds":%.3f,"read_seconds":%.3f,"columns":%d,"rows":%d,"rss_mib":%.1f,"version":"HiGHS %s"}`+"\n",
		time.Since(begun).Seconds(), read.Seconds(), columns, rows, peakMiB(), highsVersion())
	answer := struct {
		X     []float64          `json:"x"`
		Duals map[string]float64 `json:"duals"`
	}{make([]float64, columns), map[string]float64{}}
	for i, v := range value {
		if k, err := strconv.Atoi(strings.TrimPrefix(h.columnName(i), "x")); err == nil && k < columns {
			answer.X[k] = v
		}
	}
	for i, v := range dual {
		if v != 0 {
			answer.Duals[h.rowName(i)] = v
		}
	}
	b, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return os.WriteFile(out, b, 0o644)
}
