package geo

import "github.com/paulmach/orb"

// Circuity: how much longer a way over land is than the great circle between its ends.
//   - Road: G. F. Newell, Traffic Flow on Transportation Networks, 1980, found network distances about 1.2 times the straight
//     line; R. H. Ballou, H. Rahardja, N. Sakai, Selected country circuity factors for road travel distance estimation,
//     Transportation Research Part A 36, 2002, give factors by country on both sides of 1.3. We take 1.3.
//   - Rail: no published factor for freight railways is at hand; that of roads stands in for it.
const (
	RoadCircuity = 1.3
	RailCircuity = 1.3
)

// OverlandKm estimates the length of a way by road or rail: the great circle times a circuity factor.
func OverlandKm(from, to orb.Point, circuity float64) float64 { return DistanceKm(from, to) * circuity }
