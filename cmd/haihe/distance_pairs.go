package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"haihe/geo"
)

// pairColumns are what --pairs needs, in any order and among others.
var pairColumns = []string{"from", "from_lon", "from_lat", "to", "to_lon", "to_lat"}

// measurePairs writes the rows of a CSV file with haihe_nm added, one by one as it reads them. A row without a distance
// stays, and is told on errOut with its line and the field that is wrong. It fails on a file that has not the columns or
// that can be neither read nor written.
func measurePairs(in io.Reader, out, errOut io.Writer, route geo.Router) (failed int, err error) {
	r := csv.NewReader(bufio.NewReader(in))
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	head, err := r.Read()
	if err != nil {
		return 0, fmt.Errorf("the line with the names of the columns: %w", noEOF(err))
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff") // spreadsheets write a byte order mark
	at := map[string]int{}
	for _, name := range pairColumns {
		if at[name] = slices.Index(head, name); at[name] < 0 {
			return 0, fmt.Errorf("line 1: no column %q; want %s", name, strings.Join(pairColumns, ","))
		}
	}
	width := len(head)
	buffered := bufio.NewWriter(out)
	w := csv.NewWriter(buffered)
	if err := w.Write(append(head, "haihe_nm")); err != nil {
		return 0, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return failed, err
		}
		line, _ := r.FieldPos(0)
		nm, problem := measurePair(row, at, width, route)
		cell := ""
		if problem != nil {
			failed++
			fmt.Fprintf(errOut, "line %d: %v\n", line, problem)
		} else {
			cell = strconv.FormatFloat(nm, 'f', 1, 64)
		}
		for len(row) < width { // so that the new column stands under its name
			row = append(row, "")
		}
		if err := w.Write(append(row[:len(row):len(row)], cell)); err != nil {
			return failed, err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return failed, err
	}
	return failed, buffered.Flush()
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	}
	return err
}

func measurePair(row []string, at map[string]int, width int, route geo.Router) (float64, error) {
	if len(row) != width {
		return 0, fmt.Errorf("%d fields, want %d as in line 1", len(row), width)
	}
	var ends [2]orb.Point
	for i, columns := range [2][2]string{{"from_lon", "from_lat"}, {"to_lon", "to_lat"}} {
		for k, name := range columns {
			x, err := strconv.ParseFloat(strings.TrimSpace(row[at[name]]), 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %q is no number", name, row[at[name]])
			}
			ends[i][k] = x
		}
		if err := geo.Valid(ends[i]); err != nil {
			return 0, fmt.Errorf("%s, %s: %w", columns[0], columns[1], err)
		}
	}
	r, err := route(ends[0], ends[1], geo.Sea)
	if err != nil {
		return 0, err
	}
	return r.DistanceKm / kmPerNm, nil
}
