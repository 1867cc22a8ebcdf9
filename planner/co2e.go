package planner

// Well-to-wheel CO2e, kg per tonne and km: UK government conversion factors for company reporting 2025 (DEFRA), direct
// and well-to-tank.
const (
	co2eSea  = 0.01612 + 0.00365 // container ship, average
	co2eAir  = 0.5313 + 0.13516  // freight flight, long haul, without radiative forcing
	co2eRoad = 0.07703           // articulated lorry above 33 t, average laden; direct alone
)

// CO2eKgPerT estimates the kg of CO2e for a tonne carried over a leg whose carrier gives none. It is 0 for modes of
// which no factor is at hand.
func CO2eKgPerT(mode string, km float64) float64 {
	switch mode {
	case ModeSea:
		return co2eSea * km
	case ModeAir:
		return co2eAir * km
	case ModeRoad:
		return co2eRoad * km
	}
	return 0
}
