// Package geo knows where places are and how one gets from one to another.
//
//	sphere.go     distance, bearing and points along great circles; checks of positions
//	line.go       great circles as lines to draw, cut at the antimeridian and the poles
//	route.go      Route, Router, Options: the way by sea or air, a moving ship's position on it
//	passages.go   the straits, canals and capes that a way may take and that can be shut
//	matrix.go     distances by sea between many points
//	sea.go        the network of sea routes, read from sea.chart
//	approach.go   how a port or any point hangs on the network
//	search.go     the shortest ways from a point
//	seaways.go    ways with something shut: found, smoothed, named
//	overland.go   ways by road and rail, by circuity
//	gazetteer.go  seaports (UN/LOCODE), airports (IATA), aliases
//	country.go    names of countries and regions in Chinese and English
//	internal      chart: outlines, network and their format; build: makes sea.chart; topojson: reads the coastline
//
// The tables are CSV files beside the code: seaports.csv, airports.csv, countries.csv, and for the sea passages.csv,
// channels.csv, shoals.csv. Each names its sources. Who changes one of the last three runs make sea.
//
// # Units
//
// Positions are orb.Point, that is longitude then latitude, in degrees of WGS 84. Distances are kilometres on a sphere of
// [EarthRadiusKm], bearings are degrees clockwise from north, shares run from 0 to 1.
//
// # Sea routes
//
// A ship takes the shortest way that crosses no land of Natural Earth 1:50m and no shoal of shoals.csv. Such a way bends
// only round corners of the coast, so internal/build stands nodes off them (five miles where there is room, in several
// steps round a sharp cape) and joins those that see each other along a tangent: a visibility graph (Lozano-Pérez and
// Wesley, Communications of the ACM 22, 1979). Edges that others replace are left out (a greedy spanner). Channels, which
// are canals, rivers and dredged approaches, lead over what the coastline shows as land.
//
// A passage has a gate, a line from shore to shore. What crosses it takes the passage; a passage that is shut is a wall
// from shore to shore, round which no way bends, so the same network stays right whatever is shut.
//
// A point on land reaches the sea by the nearest fairway or by the nearest coasts around it, and the roads six miles off
// them; the miles to there count. Distances carry [SeaFactor]. The network knows no tide, no season and no traffic; ships
// that are small enough for the Kiel and Corinth canals, the Canso lock, the Sound, the Bali Strait or an icebreaker's
// wake ask for those passages (Options.Open). docs/benchmarks-sea.md tells how near this comes to published distances.
// Nothing here is for navigation.
//
// # Errors
//
// Functions on points take valid positions (see [Valid]) and return NaN for NaN; a [Router] checks what it is given and
// returns an error. Broken embedded tables panic when first used: that is a mistake of the programmer, and tests load them.
package geo
