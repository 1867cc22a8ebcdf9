package feed

import (
	"math"
	"strings"
	"time"

	"haihe/planner"
)

// requestPrefix begins the ids of the feed's own requests.
const requestPrefix = "Q-"

const (
	crowd      = 0.01             // so many more open requests than there should be, as a share, make new ones e times rarer
	mostReady  = 45 * 24.0        // h ahead
	mostDue    = 110 * 24.0       // h ahead; plans look 120 days ahead
	leastReady = 4.0              // h ahead
	rarest     = 200.0            // times
	none       = 10               // times rarer to look again where nothing can be asked for
	tries      = 8                // models looked at for one request
	minute     = 60 * time.Second // times are told to the minute
	looks      = 20               // requests looked at to withdraw one
	patience   = 48 * time.Hour   // after it is ready, before a request that cannot be met is given up
)

// submitRequest has an exporter ask for something like what was asked for before, by a date that can be met today.
func (f *Feed) submitRequest() (busy float64) {
	x := f.index
	for range tries {
		id, ok := choose(f, x.models)
		if !ok {
			return none
		}
		model, ok := f.state.Request(id)
		if !ok {
			continue
		}
		if r := f.like(&model); r != nil {
			f.say(exporter(r.Exporter), r)
			x.open++
			over := float64(x.open-x.target) / (crowd*float64(x.target) + 1)
			return min(math.Exp(max(over, 0)), rarest)
		}
	}
	return none
}

// like makes a request after a model, or nil if the network cannot serve it now.
func (f *Feed) like(model *planner.RequestStatus) *planner.RequestSubmitted {
	r := &planner.RequestSubmitted{Request: model.Request, Goods: model.Goods, HSCode: model.HSCode}
	size := f.between(0.6, 1.5)
	r.VolumeM3, r.WeightKg = roundTo(model.VolumeM3*size, 0.01), roundTo(model.WeightKg*size, 0.1)
	r.Value = roundTo(model.Value*size*f.between(0.9, 1.12), 0.01)
	ahead := model.Ready.Sub(model.SubmittedAt).Hours() * f.between(0.6, 1.2)
	r.Ready = f.now.Add(hours(min(max(ahead, leastReady), mostReady))).Truncate(minute)
	lead := max(model.Due.Sub(model.Ready).Hours(), 24) * f.between(0.95, 1.15)
	r.Due = r.Ready.Add(hours(lead)).Truncate(minute)
	soonest, ok := f.earliest(&r.Request)
	if !ok {
		return nil
	}
	if slack := hours(f.between(12, 0.15*lead+24)); r.Due.Before(soonest.Add(slack)) {
		r.Due = soonest.Add(slack).Truncate(minute)
	}
	if r.Due.After(f.now.Add(hours(mostDue))) {
		return nil
	}
	r.ID = requestPrefix + f.now.Format("060102-150405")
	for c := 'b'; f.known(r.ID) && c <= 'z'; c++ { // two in a second
		r.ID = requestPrefix + f.now.Format("060102-150405") + string(c)
	}
	if f.known(r.ID) {
		return nil
	}
	return r
}

func (f *Feed) known(request string) bool {
	k := planner.Key{Kind: planner.KindRequest, ID: request, Aspect: planner.AspectMaster}
	return f.state.Sequence(k) > 0 || f.said[k] > 0
}

// withdrawRequest has an exporter take a request back that nothing brings in time any more, some days after it was
// ready: in life it would have been booked, or gone another way. Where none is found and more are open than there
// should be, one of the feed's own goes.
func (f *Feed) withdrawRequest() {
	crowded := f.index.open > f.index.target
	var own *planner.RequestStatus
	for range looks {
		id, ok := choose(f, f.index.own)
		if !ok {
			return
		}
		r, ok := f.state.Request(id)
		if !ok || r.Withdrawn || r.BookedShare > 0 || !r.Due.After(f.now) ||
			!f.maySet(planner.Key{Kind: planner.KindRequest, ID: id, Aspect: planner.AspectMaster}) {
			continue
		}
		if f.now.Sub(r.Ready) > patience {
			if at, ok := f.earliest(&r.Request); !ok || at.After(r.Due) {
				f.withdraw(&r)
				return
			}
		}
		if crowded && own == nil && strings.HasPrefix(id, requestPrefix) {
			own = &r
		}
	}
	if own != nil {
		f.withdraw(own)
	}
}

func (f *Feed) withdraw(r *planner.RequestStatus) {
	f.say(exporter(r.Exporter), &planner.RequestWithdrawn{Request: r.ID})
	f.index.open--
}
