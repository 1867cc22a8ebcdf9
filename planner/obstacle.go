package planner

import (
	"fmt"
	"math"
	"time"
)

// Kinds of an Obstacle.
const (
	ObstacleGone       = "gone"       // a departure is cancelled, not known, or has no way left
	ObstacleCutoff     = "cutoff"     // the first departure takes nothing any more
	ObstacleConnection = "connection" // the cargo would miss a departure
	ObstacleLate       = "late"       // it would arrive later than was said
	ObstacleRoom       = "room"       // a departure has too little room left
	ObstacleClosed     = "closed"     // a warehouse is not open to share
	ObstacleStorage    = "storage"    // a warehouse has too little room on a day
	ObstacleRequest    = "request"    // the request itself: withdrawn, booked, or another's
)

// Obstacle says why a way cannot be promised. It is the error behind ErrNoRoom.
type Obstacle struct {
	Kind      string     `json:"kind" enum:"gone,cutoff,connection,late,room,closed,storage,request"`
	Departure string     `json:"departure,omitempty"`
	Warehouse string     `json:"warehouse,omitempty"`
	Day       string     `json:"day,omitempty" doc:"Of the warehouse"`
	LeftM3    float64    `json:"left_m3,omitempty" doc:"What is left; left out: nothing"`
	NeedM3    float64    `json:"need_m3,omitempty"`
	LeftKg    float64    `json:"left_kg,omitempty"`
	NeedKg    float64    `json:"need_kg,omitempty"`
	Arrive    *time.Time `json:"arrive,omitempty" doc:"As things stand"`
	Message   string     `json:"message"`
}

func (o *Obstacle) Error() string { return o.Message }

// obstacle says what about departures, their times and the warehouse keeps a booking's way from being gone as its terms
// say. Due is the request's; the zero time asks for none. It does not look at room.
func (s *State) obstacle(b *BookingConfirmed, due, now time.Time) *Obstacle {
	const slack = time.Minute // plans reckon in fractions of hours
	for i := range b.Parts {
		part := &b.Parts[i]
		var last *DepartureStatus
		for _, id := range part.Departures {
			d, gone := s.running(id)
			switch {
			case gone != nil:
				return gone
			case last == nil && now.After(d.Cutoff):
				return &Obstacle{Kind: ObstacleCutoff, Departure: id, Message: fmt.Sprintf("departure %s took cargo until %s", id, d.Cutoff.Format(time.RFC3339))}
			case last != nil && !s.connects(last, &d):
				return &Obstacle{Kind: ObstacleConnection, Departure: id, Message: fmt.Sprintf("the cargo misses the cutoff of departure %s: %s arrives at %s",
					id, last.ID, last.Arrive.Format(time.RFC3339))}
			}
			last = &d
		}
		door := s.atDoor(part).UTC()
		if door.After(part.Arrive.Add(slack)) || !due.IsZero() && door.After(due.Add(slack)) {
			return &Obstacle{Kind: ObstacleLate, Departure: last.ID, Arrive: &door, Message: fmt.Sprintf("the cargo comes to warehouse %s at %s", part.Warehouse, door.Format(time.RFC3339))}
		}
	}
	return nil
}

// running returns a departure that runs, or why there is none.
func (s *State) running(id string) (DepartureStatus, *Obstacle) {
	d, ok := s.Departure(id)
	why := ""
	switch {
	case !ok:
		why = fmt.Sprintf("departure %s is not known", id)
	case d.Cancelled:
		why = fmt.Sprintf("departure %s is cancelled", id)
	case !d.Runs():
		why = d.noWay()
	default:
		return d, nil
	}
	return d, &Obstacle{Kind: ObstacleGone, Departure: id, Message: why}
}

// cents rounds room for people.
func cents(x float64) float64 { return math.Round(max(0, x)*100) / 100 }
