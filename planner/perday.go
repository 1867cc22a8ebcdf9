package planner

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// PerDay is an amount for each day of the horizon. Its length is 1 (the same every day) or Problem.Days; in
// JSON the first is a number, the second an array.
type PerDay []float64

// At returns the amount on a day of the horizon.
func (p PerDay) At(day int) float64 {
	if len(p) == 1 {
		return p[0]
	}
	return p[day]
}

// MarshalJSON writes a number or an array of numbers.
func (p PerDay) MarshalJSON() ([]byte, error) {
	if len(p) == 1 {
		return json.Marshal(p[0])
	}
	return json.Marshal([]float64(p))
}

// UnmarshalJSON reads a number or an array of numbers.
func (p *PerDay) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		var list []float64
		if err := json.Unmarshal(b, &list); err != nil {
			return fmt.Errorf("want a number, or one number a day: %w", err)
		}
		*p = list
		return nil
	}
	x, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("want a number, or one number a day, got %.20s", b)
	}
	*p = PerDay{x}
	return nil
}
