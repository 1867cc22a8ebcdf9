package scenario

import (
	"github.com/paulmach/orb"

	"haihe/geo"
	"haihe/planner"
)

// Lines returns how lanes go with some passages shut, cut at the antimeridian: the way of a ship or an aircraft, and a great
// circle for everybody else and where there is no way.
func Lines(shut []string) func(from, to orb.Point, mode string) orb.MultiLineString {
	way, err := geo.NewRouterAvoiding(shut...)
	return func(from, to orb.Point, mode string) orb.MultiLineString {
		if err == nil && (mode == planner.ModeSea || mode == planner.ModeAir) {
			if r, err := way(from, to, mode); err == nil {
				return r.Line
			}
		}
		return geo.Line(from, to)
	}
}
