package planner

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed co2e.csv
var co2eTable []byte

// CO2eClass is a kind of ship, aircraft or vehicle with what it emits: kg of CO2e, well to wheel, per tonne and km.
type CO2eClass struct {
	Mode, ID       string // "sea", "container-8000": as in co2e.csv
	NameZH, NameEN string
	Direct         float64 // from burning the fuel
	WellToTank     float64 // from making it and bringing it aboard
	Year           int     // of the factors: UK government conversion factors for company reporting
}

// KgPerT is the kg of CO2e for a tonne carried over a distance.
func (c CO2eClass) KgPerT(km float64) float64 { return (c.Direct + c.WellToTank) * km }

// shortHaulKm is the longest flight that the UK government factors call short-haul.
const shortHaulKm = 3700

var co2eClasses = sync.OnceValue(func() []CO2eClass {
	r := csv.NewReader(bytes.NewReader(co2eTable))
	r.Comment, r.FieldsPerRecord = '#', 7
	rows, err := r.ReadAll()
	if err != nil {
		panic("planner: co2e.csv: " + err.Error())
	}
	var list []CO2eClass
	for _, row := range rows[1:] {
		direct, err := strconv.ParseFloat(row[4], 64)
		wtt, err2 := strconv.ParseFloat(row[5], 64)
		year, err3 := strconv.Atoi(row[6])
		if err != nil || err2 != nil || err3 != nil {
			panic(fmt.Sprintf("planner: co2e.csv: %s %s: no numbers", row[0], row[1]))
		}
		list = append(list, CO2eClass{row[0], row[1], row[2], row[3], direct, wtt, year})
	}
	return list
})

// CO2eClasses lists the classes of every mode in the order of co2e.csv. The list is shared: read it only.
func CO2eClasses() []CO2eClass { return co2eClasses() }

// CO2eClassFor finds a class of a mode by its id. Without an id it is what stands for an unknown carrier: a flight counts as
// short-haul or long-haul by its distance, other modes take their average. It fails on an id that the mode has not, and on a
// mode of which no factor is at hand.
func CO2eClassFor(mode, id string, km float64) (CO2eClass, error) {
	if id == "" && mode == ModeAir && km <= shortHaulKm {
		id = "short-haul"
	}
	var known []string
	for _, c := range co2eClasses() {
		if c.Mode != mode {
			continue
		}
		if id == "" || c.ID == id {
			return c, nil
		}
		known = append(known, c.ID)
	}
	if len(known) == 0 {
		return CO2eClass{}, fmt.Errorf("planner: no CO2e factors by %q", mode)
	}
	return CO2eClass{}, fmt.Errorf("planner: %q is no class by %s; there are %s", id, mode, strings.Join(known, ", "))
}

// CO2eKgPerT estimates the kg of CO2e for a tonne carried over a leg by a class of its mode; see [CO2eClassFor]. It is 0 by a
// mode of which no factor is at hand, and fails on a class that the mode has not.
func CO2eKgPerT(mode, class string, km float64) (float64, error) {
	c, err := CO2eClassFor(mode, class, km)
	if err != nil && class == "" {
		return 0, nil
	}
	return c.KgPerT(km), err
}
