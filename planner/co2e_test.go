package planner

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func co2eKg(t *testing.T, mode, class string, km float64) float64 {
	kg, err := CO2eKgPerT(mode, class, km)
	require.NoError(t, err)
	return kg
}

func TestCO2eClasses(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range CO2eClasses() {
		require.False(t, seen[c.Mode+c.ID], "%s %s twice", c.Mode, c.ID)
		seen[c.Mode+c.ID] = true
		require.NotEmpty(t, c.NameZH+c.NameEN)
		require.Positive(t, c.Direct)
		// Making and moving a fuel costs a fifth to a quarter of burning it, in every row of the tables; with radiative
		// forcing the direct part is 1.7 times as large.
		require.InDelta(t, 0.22, c.WellToTank/c.Direct, 0.11, "%s %s", c.Mode, c.ID)
		found, err := CO2eClassFor(c.Mode, c.ID, 1000)
		require.NoError(t, err)
		require.Equal(t, c, found)
		require.InDelta(t, 1000*(c.Direct+c.WellToTank), co2eKg(t, c.Mode, c.ID, 1000), 1e-9)
	}
	require.Len(t, seen, 21)
}

// Larger ships carry a tonne for less; ships for less than trains, trains than lorries, lorries than aircraft.
func TestCO2eOrder(t *testing.T) {
	last := 0.0
	for _, c := range [][2]string{{ModeSea, "bulk"}, {ModeSea, "container-8000"}, {ModeSea, "container-5000"}, {ModeSea, "container-2000"},
		{ModeSea, "container-1000"}, {ModeSea, "container-0"}, {ModeRoad, ""}, {ModeAir, "long-haul"}, {ModeAir, "short-haul"}, {ModeAir, "domestic"}} {
		kg := co2eKg(t, c[0], c[1], 1000)
		require.Greater(t, kg, last, "%v", c)
		last = kg
	}
	require.Less(t, co2eKg(t, ModeSea, "", 1000), co2eKg(t, ModeRail, "", 1000))
	require.Less(t, co2eKg(t, ModeRail, "", 1000), co2eKg(t, ModeRoad, "", 1000))
}

func TestCO2eWithoutAClass(t *testing.T) {
	require.InDelta(t, 19.77, co2eKg(t, ModeSea, "", 1000), 1e-9) // container ship, average
	for km, want := range map[float64]string{800: "short-haul", 3700: "short-haul", 3701: "long-haul"} {
		c, err := CO2eClassFor(ModeAir, "", km)
		require.NoError(t, err)
		require.Equal(t, want, c.ID)
	}
	_, err := CO2eClassFor(ModeSea, "long-haul", 1)
	require.ErrorContains(t, err, `"long-haul" is no class by sea; there are container, container-8000`)
	_, err = CO2eClassFor(ModePost, "", 1)
	require.ErrorContains(t, err, `no CO2e factors by "post"`)
	require.Zero(t, co2eKg(t, ModePost, "", 1000))
	_, err = CO2eKgPerT(ModePost, "parcel", 1000)
	require.ErrorContains(t, err, `no CO2e factors by "post"`)
}
