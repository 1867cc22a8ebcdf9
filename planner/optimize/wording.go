package optimize

import (
	"fmt"
	"math"
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

func (q *inquiry) modeReason(more []string) planner.Reason {
	r := &q.in.problem.Requests[q.id]
	x := planner.Reason{Code: planner.ReasonMode, Place: r.Origin,
		Message: fmt.Sprintf("no route from %s to market %s by %s alone", r.Origin, r.Market, strings.Join(r.Modes, ", "))}
	if len(more) == 0 {
		x.Message += "; by other modes it would come too late or cost more than it is worth"
		return x
	}
	x.Message += "; accepting " + strings.Join(more, ", ") + " too would do"
	x.Relaxation = &planner.Relaxation{Kind: planner.RelaxMode, Modes: more}
	return x
}

func (q *inquiry) lateReason(kind string, hours float64) planner.Reason {
	r := &q.in.problem.Requests[q.id]
	hours = math.Ceil(hours*60-1e-6) / 60
	x := planner.Reason{Code: planner.ReasonLate, Place: r.Origin,
		Message: fmt.Sprintf("nothing that leaves %s after the cargo is ready reaches market %s by the due time", r.Origin, r.Market)}
	switch kind {
	case planner.RelaxDue:
		x.Message += fmt.Sprintf("; due %s later would do", spell(hours))
	case planner.RelaxReady:
		x.Message += fmt.Sprintf("; ready %s earlier would do", spell(hours))
	default:
		x.Message += ", and no later due time within the horizon would make it pay"
		return x
	}
	x.Relaxation = &planner.Relaxation{Kind: kind, Hours: hours}
	return x
}

func spell(hours float64) string {
	if hours < 48 {
		return fmt.Sprintf("%.1f h", hours)
	}
	return fmt.Sprintf("%.1f days", hours/24)
}

func (q *inquiry) tooDear(cost, withPrices float64) planner.Reason {
	p := q.in.problem
	x := planner.Reason{Code: planner.ReasonTooDear, Message: fmt.Sprintf("the cheapest way costs %.2f %s with all room free, and it is worth %.2f", cost, p.Currency,
		p.Requests[q.id].Value)}
	if need := max(cost, withPrices) * (1 + 1e-6); !math.IsInf(need, 1) {
		x.Message += fmt.Sprintf("; a value of %.2f would do", need)
		x.Relaxation = &planner.Relaxation{Kind: planner.RelaxValue, Value: need}
	}
	return x
}

func (q *inquiry) mustSplit(part float64, c *column) planner.Reason {
	p := q.in.problem
	return planner.Reason{Code: planner.ReasonWhole, Departure: p.Departures[c.legs[0]].ID, Warehouse: p.Warehouses[c.warehouse].ID,
		Message:    fmt.Sprintf("room is left for %.0f %% of it, and it must go whole", part*100),
		Relaxation: &planner.Relaxation{Kind: planner.RelaxSplit}}
}

func (q *inquiry) fullReason(row rowIndex, relax *planner.Relaxation) planner.Reason {
	in, p := q.in, q.in.problem
	n := len(in.departures)
	x := planner.Reason{Code: planner.ReasonNoCapacity, Relaxation: relax}
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
	if relax == nil {
		return x
	}
	if relax.Kind == planner.RelaxM3 {
		x.Message += fmt.Sprintf("; %.2f m3 more there would do", relax.M3)
	} else {
		x.Message += fmt.Sprintf("; at a value of %.2f %s it would go", relax.Value, p.Currency)
	}
	return x
}
