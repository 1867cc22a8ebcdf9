package optimize

import (
	"fmt"
	"strings"

	"haihe/planner"
)

// The words of reasons, in English; what they say in numbers stands in the fields beside them.

func (q *inquiry) noRoute() planner.Reason {
	r := &q.in.problem.Requests[q.id]
	return planner.Reason{Code: planner.ReasonNoRoute, Place: r.Origin,
		Message: fmt.Sprintf("no departures and warehouses lead from %s to market %s within the horizon", r.Origin, r.Market)}
}

func (q *inquiry) classReason() planner.Reason {
	r := &q.in.problem.Requests[q.id]
	return planner.Reason{Code: planner.ReasonClass, Place: r.Origin,
		Message: fmt.Sprintf("routes lead from %s to market %s, but none takes class %s all the way", r.Origin, r.Market, r.Class)}
}

func (q *inquiry) modeReason(x *planner.Relaxation) planner.Reason {
	r := &q.in.problem.Requests[q.id]
	y := planner.Reason{Code: planner.ReasonMode, Place: r.Origin,
		Message: fmt.Sprintf("no route from %s to market %s by %s alone", r.Origin, r.Market, strings.Join(r.Modes, ", "))}
	if x == nil {
		y.Message += "; by other modes it would come too late or cost more than it is worth"
	}
	return q.with(y, x)
}

func (q *inquiry) lateReason(x *planner.Relaxation) planner.Reason {
	r := &q.in.problem.Requests[q.id]
	y := planner.Reason{Code: planner.ReasonLate, Place: r.Origin,
		Message: fmt.Sprintf("nothing that leaves %s after the cargo is ready reaches market %s by the due time", r.Origin, r.Market)}
	if x == nil {
		y.Message += ", and no other time within the horizon is known to make it pay"
	}
	return q.with(y, x)
}

// with adds what would help to a reason.
func (q *inquiry) with(y planner.Reason, x *planner.Relaxation) planner.Reason {
	if y.Relaxation = x; x == nil {
		return y
	}
	var change string
	switch x.Kind {
	case planner.RelaxDue:
		change = fmt.Sprintf("due %s later", spell(x.Hours))
	case planner.RelaxReady:
		change = fmt.Sprintf("ready %s earlier", spell(x.Hours))
	case planner.RelaxMode:
		change = "accepting " + strings.Join(x.Modes, ", ") + " too"
	case planner.RelaxValue:
		change = fmt.Sprintf("a value of %.2f %s", x.Value, q.in.problem.Currency)
	case planner.RelaxSplit:
		change = "going in parts"
	case planner.RelaxM3:
		change = fmt.Sprintf("%.2f m3 more there", x.M3)
	}
	y.Message += "; " + change + " would do"
	if x.Part > 0 {
		y.Message += fmt.Sprintf(" for %.1f %% of it", x.Part*100)
	}
	if !x.Smallest {
		y.Message += ", and perhaps less"
	}
	return y
}

func spell(hours float64) string {
	if hours < 48 {
		return fmt.Sprintf("%.1f h", hours)
	}
	return fmt.Sprintf("%.1f days", hours/24)
}

func (q *inquiry) tooDear(cost float64, x *planner.Relaxation) planner.Reason {
	p := q.in.problem
	return q.with(planner.Reason{Code: planner.ReasonTooDear, Message: fmt.Sprintf("the cheapest way costs %.2f %s with all room free, and it is worth %.2f",
		cost, p.Currency, p.Requests[q.id].Value)}, x)
}

func (q *inquiry) mustSplit(part float64, c *column, x *planner.Relaxation) planner.Reason {
	p := q.in.problem
	return q.with(planner.Reason{Code: planner.ReasonWhole, Departure: p.Departures[c.legs[0]].ID, Warehouse: p.Warehouses[c.warehouse].ID,
		Message: fmt.Sprintf("room is left for %.0f %% of it on one way, and it must go whole", part*100)}, x)
}

func (q *inquiry) fullReason(row rowIndex, relax *planner.Relaxation) planner.Reason {
	in, p := q.in, q.in.problem
	n := len(in.departures)
	x := planner.Reason{Code: planner.ReasonNoCapacity}
	var where string
	switch {
	case int(row) < 2*n:
		x.Departure = p.Departures[int(row)%max(1, n)].ID
		where = "departure " + x.Departure
	default:
		d := (int(row) - 2*n) % in.days
		x.Warehouse, x.Day = p.Warehouses[(int(row)-2*n)/in.days].ID, &d
		where = fmt.Sprintf("warehouse %s on day %d", x.Warehouse, d)
	}
	x.Message = "it would pay its way, but the room of " + where + " goes to cargo that saves more by it"
	return q.with(x, relax)
}
