package sample

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"haihe/geo"
)

//go:embed carriers.csv services.csv flights.csv sites.csv markets.csv goods.csv
var files embed.FS

// row is a line of a table by the names of its columns. A mistake in a table panics: tests read them all.
type row struct {
	file   string
	fields map[string]string
}

func (r row) text(column string) string {
	s, ok := r.fields[column]
	if !ok {
		panic(fmt.Sprintf("sample: %s has no column %s", r.file, column))
	}
	return s
}

func (r row) number(column string) float64 {
	x, err := strconv.ParseFloat(r.text(column), 64)
	if err != nil {
		panic(fmt.Sprintf("sample: %s: %s: %v", r.file, column, err))
	}
	return x
}

func (r row) words(column string) []string { return strings.Fields(r.text(column)) }

func table(file string) []row {
	raw, err := files.ReadFile(file)
	if err != nil {
		panic("sample: " + err.Error())
	}
	in := csv.NewReader(bytes.NewReader(raw))
	in.Comment = '#'
	lines, err := in.ReadAll()
	if err != nil || len(lines) < 2 {
		panic(fmt.Sprintf("sample: %s: %d lines: %v", file, len(lines), err))
	}
	rows := make([]row, 0, len(lines)-1)
	for _, line := range lines[1:] {
		r := row{file, make(map[string]string, len(line))}
		for i, field := range line {
			r.fields[lines[0][i]] = field
		}
		rows = append(rows, r)
	}
	return rows
}

type carrier struct{ id, nameZH, nameEN, ships string }

var carriers = sync.OnceValue(func() []carrier {
	var list []carrier
	for _, r := range table("carriers.csv") {
		list = append(list, carrier{r.text("id"), r.text("name_zh"), r.text("name_en"), r.text("ships")})
	}
	return list
})

func carrierByID(id string) carrier {
	i := slices.IndexFunc(carriers(), func(c carrier) bool { return c.id == id })
	if i < 0 {
		panic("sample: carriers.csv does not have " + id)
	}
	return carriers()[i]
}

// cargoClasses spells out the letters of a table.
func cargoClasses(letters string) []string {
	list := []string{"general"}
	for _, c := range []struct{ letter, class string }{{"b", "battery"}, {"r", "fragile"}, {"f", "furniture"}} {
		if strings.Contains(letters, c.letter) {
			list = append(list, c.class)
		}
	}
	return list
}

func sortedCodes(m map[string]geo.Place) []string {
	list := make([]string, 0, len(m))
	for code := range m {
		list = append(list, code)
	}
	slices.Sort(list)
	return list
}
