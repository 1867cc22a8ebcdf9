// Package geo knows where places are and how one gets from one to another.
//
//	sphere.go     distance, bearing and points along great circles; checks of positions
//	line.go       great circles as lines to draw, cut at the antimeridian and the poles
//	route.go      Route, Router: the way by sea or air, a moving ship's position on it
//	lanes.go      the sea-lane graph behind the sea routes
//	gazetteer.go  seaports (UN/LOCODE), airports (IATA), aliases
//	country.go    names of countries and regions in Chinese and English
//
// The tables are CSV files beside the code: seaports.csv, airports.csv, countries.csv, waypoints.csv, lanes.csv. Each
// names its sources in its head.
//
// # Units
//
// Positions are orb.Point, that is longitude then latitude, in degrees of WGS 84. Distances are kilometres on a sphere of
// [EarthRadiusKm], bearings are degrees clockwise from north, shares run from 0 to 1.
//
// # How good the sea routes are
//
// The sea lanes are a coarse graph drawn by hand: some 580 waypoints (straits, canals, capes, points in open water) joined
// by great circles, searched for the shortest way. They keep ships off the continents on a map of the world and give
// distances fit for planning weeks ahead. They know no depth, no ice, no traffic separation, no season and no small
// island, and a port's last miles are one straight line. A better network takes their place behind [Router] without any
// caller changing. Nothing here is for navigation.
//
// # Errors
//
// Functions on points take valid positions (see [Valid]) and return NaN for NaN; a [Router] checks what it is given and
// returns an error. Broken embedded tables panic when first used: that is a mistake of the programmer, and tests load them.
package geo
