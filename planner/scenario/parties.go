package scenario

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"haihe/planner"
)

// Sides tells how many exporters gain and how many lose by the changes, and how much together. What an exporter has of a
// plan is the value of what goes less what it costs. Counts and sums of fewer than three are nil.
type Sides struct {
	Market string   `json:"market,omitempty"` // "" of all
	Gain   *int     `json:"gain"`
	Lose   *int     `json:"lose"`
	Same   *int     `json:"same"`
	Gained *float64 `json:"gained"`
	Lost   *float64 `json:"lost"`
}

// noticed is the difference, as a share of what was asked for, below which nobody gains or loses.
const noticed = 1e-3

func sides(a, b *reading) []Sides {
	type stake struct{ had, has, asked float64 }
	stakes := map[string]map[string]*stake{"": {}} // by market and exporter
	add := func(r *reading, after bool) {
		for id, x := range r.requests {
			have := 0.0
			if s := r.sent[id]; s != nil {
				have = x.Value*min(s.fraction, 1) - s.cost
			}
			for _, m := range []string{"", x.Market} {
				if stakes[m] == nil {
					stakes[m] = map[string]*stake{}
				}
				k := stakes[m][x.Exporter]
				if k == nil {
					k = &stake{}
					stakes[m][x.Exporter] = k
				}
				if after {
					k.has += have
				} else {
					k.had += have
					k.asked += x.Value
				}
			}
		}
	}
	add(a, false)
	add(b, true)
	list := []Sides{}
	for _, market := range slices.Sorted(maps.Keys(stakes)) {
		var gain, lose, same int
		var gained, lost float64
		for _, exporter := range slices.Sorted(maps.Keys(stakes[market])) {
			k := stakes[market][exporter]
			switch more := k.has - k.had; {
			case more > noticed*k.asked:
				gain++
				gained += more
			case more < -noticed*k.asked:
				lose++
				lost -= more
			default:
				same++
			}
		}
		s := Sides{Market: market, Gain: counted(gain), Lose: counted(lose), Same: counted(same)}
		// Of a market that fewer than three send to nothing is told; a count that the others give away neither.
		if gain+lose+same < Least {
			s.Gain, s.Lose, s.Same = nil, nil, nil
		}
		if s.Gain != nil {
			s.Gained = &gained
		}
		if s.Lose != nil {
			s.Lost = &lost
		}
		list = append(list, s)
	}
	return list
}

func lanes(a, b *reading) []LaneRow {
	who := map[laneKey]owners{}
	for _, r := range []*reading{a, b} {
		for k, s := range r.lanes {
			if who[k] == nil {
				who[k] = owners{}
			}
			maps.Copy(who[k], s.owners)
		}
	}
	var list []LaneRow
	for k, own := range who {
		s, t := in(a.lanes, k), in(b.lanes, k)
		row := LaneRow{From: k.from, To: k.to, Mode: k.mode, Departures: Pair{s.departures, t.departures}, RoomM3: Pair{s.room, t.room},
			Hours: Pair{mean(s.sailHours, s.departures), mean(t.sailHours, t.departures)}, Price: Pair{s.pricePerM3, t.pricePerM3}}
		// Lanes do not add up to a sum that is told, so none needs to hide another.
		if n := len(own); n == 0 || n >= Least {
			row.Owners, row.M3, row.CO2eT = &n, &Pair{s.matched, t.matched}, &Pair{s.co2e, t.co2e}
		}
		if row.weight() > 0 {
			list = append(list, row)
		}
	}
	slices.SortFunc(list, func(x, y LaneRow) int {
		return cmp.Or(cmp.Compare(y.weight(), x.weight()), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To), cmp.Compare(x.Mode, y.Mode))
	})
	return list[:min(len(list), shownLanes)]
}

// weight orders lanes by what is told of them alone.
func (l *LaneRow) weight() float64 {
	w := math.Abs(l.RoomM3.Change()) + 10*math.Abs(l.Departures.Change()) + math.Abs(l.Price.Change())
	if math.Abs(l.Hours.Change()) > 1 {
		w += math.Abs(l.Hours.Change())
	}
	if l.M3 != nil && math.Abs(l.M3.Change()) > 0.05 {
		w += math.Abs(l.M3.Change())
	}
	if w < 0.01 {
		return 0
	}
	return w
}

func bottlenecks(a, b *reading) []Bottleneck {
	keys := map[[2]string]bool{}
	for k := range a.prices {
		keys[k] = true
	}
	for k := range b.prices {
		keys[k] = true
	}
	list := []Bottleneck{}
	for k := range keys {
		x := Bottleneck{Kind: k[0], ID: k[1], Price: Pair{a.prices[k], b.prices[k]}}
		if math.Abs(x.Price.Change()) < 0.01 {
			continue
		}
		d := b.departures[k[1]]
		if d == nil {
			d = a.departures[k[1]]
		}
		if k[0] == "departure" && d != nil {
			x.From, x.To, x.Mode, x.Depart = d.From, d.To, d.Mode, &d.Depart
		}
		list = append(list, x)
	}
	slices.SortFunc(list, func(x, y Bottleneck) int {
		return cmp.Or(cmp.Compare(math.Abs(y.Price.Change()), math.Abs(x.Price.Change())), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.ID, y.ID))
	})
	return list[:min(len(list), shownBottlenecks)]
}

func network(before, after *planner.Problem) Network {
	var n Network
	was := make(map[string]*planner.Departure, len(before.Departures))
	for i := range before.Departures {
		was[before.Departures[i].ID] = &before.Departures[i]
	}
	for i := range after.Departures {
		d := &after.Departures[i]
		old := was[d.ID]
		if old == nil {
			n.Added++
			continue
		}
		delete(was, d.ID)
		switch late := d.Arrive.Sub(old.Arrive).Hours(); {
		case late > 1:
			n.Later++
			n.LateHours += late
		case late < -1:
			n.Earlier++
		}
	}
	n.Gone = len(was)
	return n
}
