package planner

import "unicode"

// Validate says what keeps p from being a problem that can be planned: a *FieldErrors that names fields as in
// "departures[17].capacity_m3", or nil. It checks what the format asks for, and that no number,
// time or text is too large to reckon with.
func (p *Problem) Validate() error {
	fe := &fieldErrors{}
	if p.Version != ProblemVersion && p.Version != TariffVersion {
		fe.add("version", "must be %q or %q, got %s", ProblemVersion, TariffVersion, short(p.Version))
	}
	fe.currency("currency", p.Currency)
	if fe.time("start", p.Start) {
		if h, m, s := p.Start.Clock(); h != 0 || m != 0 || s != 0 || p.Start.Nanosecond() != 0 {
			fe.add("start", "must be midnight UTC, got %s", p.Start.Format("15:04:05.999999999"))
		}
	}
	fe.count("days", p.Days, 1, maxDays)

	places := make(map[string]int, len(p.Places))
	for i := range p.Places {
		path := element("places", i)
		checkPlace(fe, path, &p.Places[i])
		fe.unique(path, p.Places[i].ID, places, i, "places")
	}
	departures := make(map[string]int, len(p.Departures))
	for i := range p.Departures {
		d, path := &p.Departures[i], element("departures", i)
		checkDeparture(fe, path, d)
		fe.unique(path, d.ID, departures, i, "departures")
		fe.refers(path+".from", d.From, places)
		fe.refers(path+".to", d.To, places)
	}
	warehouses := make(map[string]int, len(p.Warehouses))
	for i := range p.Warehouses {
		w, path := &p.Warehouses[i], element("warehouses", i)
		checkWarehouse(fe, path, w, p.Days)
		fe.unique(path, w.ID, warehouses, i, "warehouses")
		for k := range w.Gateways {
			fe.refers(path+"."+element("gateways", k)+".place", w.Gateways[k].Place, places)
		}
	}
	requests := make(map[string]int, len(p.Requests))
	for i := range p.Requests {
		r, path := &p.Requests[i], element("requests", i)
		checkRequest(fe, path, r)
		fe.unique(path, r.ID, requests, i, "requests")
		fe.refers(path+".origin", r.Origin, places)
	}
	return fe.err()
}

// currency wants three capital letters, as in ISO 4217.
func (fe *fieldErrors) currency(field, s string) {
	ok := len(s) == 3
	for _, c := range s {
		ok = ok && c <= unicode.MaxASCII && unicode.IsUpper(c)
	}
	if !ok {
		fe.add(field, "must be three capital letters as in ISO 4217, e.g. USD, got %s", short(s))
	}
}

// unique wants that no earlier element of the list has the id. An empty one is told of elsewhere.
func (fe *fieldErrors) unique(path, id string, seen map[string]int, i int, list string) {
	if id != "" {
		defer fe.under(path)()
		fe.first("id", id, seen, i, list)
	}
}

// refers wants that a place of that name is there.
func (fe *fieldErrors) refers(path, place string, places map[string]int) {
	if _, ok := places[place]; !ok && place != "" {
		fe.add(path, "no place has the id %s", short(place))
	}
}
