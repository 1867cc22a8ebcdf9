// Package targets follows the way to the city's targets for overseas warehouses, from every event that ever changed a figure.
//
// A History takes registrations and occupancy reports, in any order and more than once, and keeps what a figure needs: all
// registrations of a warehouse, and of a day its last report. A Target is a figure with its trend, a point a day, and its
// lineage: the events whose sum it is.
//
// The targets for the end of 2027 are those of the city's plan of 2024, item 14: 70 firms and 600,000 m2. For warehouses that
// turned public and for the use of public space the plan names no number.
//
// Areas are m2, room is m3, shares run from 0 to 1.
package targets
