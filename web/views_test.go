package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
	"haihe/planner/live"
)

// What must be seen by whom, and by nobody else: marks are looked for in the raw bytes that a viewer is sent.
var secrets = []struct {
	what, mark string
	seers      []viewer
}{
	{"a request's goods", "goods of carpets", []viewer{{Exporter, "carpets"}}},
	{"a request's value", "987654", []viewer{{Exporter, "bikes"}, {Exporter, "carpets"}, {Exporter, "sofas"}}},
	{"an exporter's name", `"carpets"`, []viewer{{Exporter, "carpets"}}},
	{"a request's id", `"R2"`, []viewer{{Exporter, "carpets"}, {Firm, "bohai"}, {Firm, "pacific"}}},
	{"a request's id, by another way", `"R4"`, []viewer{{Exporter, "bikes"}, {Firm, "hansa"}, {Firm, "elbe"}}},
	{"cost of a match", "1234.5", []viewer{{Exporter, "bikes"}, {Exporter, "carpets"}, {Exporter, "sofas"}}},
	{"cost of a match to Germany", "777.25", []viewer{{Exporter, "bikes"}}},
	{"cost of all matches to the US", "3703.5", []viewer{{Commission, ""}}},
	{"reason of what is left", "HAM-1 is full", []viewer{{Exporter, "bikes"}}},
	{"load of three owners", `"m3":99,`, []viewer{{Firm, "bohai"}, {Commission, ""}}},
	{"load of one owner", `"m3":16.5,`, []viewer{{Firm, "hansa"}}},
	{"store of three owners", `"m3":98.5,`, []viewer{{Firm, "pacific"}, {Commission, ""}}},
	{"store of one owner", `"m3":16.25,`, []viewer{{Firm, "elbe"}}},
	{"price of a full departure", "71.25", []viewer{{Firm, "hansa"}, {Commission, ""}}},
	{"price of another", "61.25", []viewer{{Firm, "bohai"}, {Commission, ""}}},
	{"price of a warehouse", "2.75", []viewer{{Firm, "pacific"}, {Commission, ""}}},
	{"price of another warehouse", "3.75", []viewer{{Firm, "elbe"}, {Commission, ""}}},
	{"a booking", `"bk-1"`, []viewer{{Exporter, "sofas"}}},
	{"room booked by one owner", `"booked_m3":33`, []viewer{{Firm, "bohai"}}},
	{"the rate of a sailing", `"amount":80,`, append(slices.Clone(allExporters), viewer{Firm, "bohai"}, viewer{Firm, "hansa"})},
	{"the rate of storage", `"storage_m3_day":0.125`, append(slices.Clone(allExporters), viewer{Firm, "pacific"})},
	{"the rate to a market", `"rate_m3":20.5`, append(slices.Clone(allExporters), viewer{Firm, "pacific"}, viewer{Firm, "elbe"})},
	{"a market of three exporters", `"asked_m3":99`, []viewer{{Commission, ""}}},
	{"a market of one exporter", `"asked_m3":34.125`, nil},
}

var allExporters = []viewer{{Exporter, "bikes"}, {Exporter, "carpets"}, {Exporter, "sofas"}, {Exporter, "nobody"}, {Exporter, "bohai"}}

var viewers = []viewer{{Exporter, "bikes"}, {Exporter, "carpets"}, {Exporter, "sofas"}, {Exporter, "nobody"}, {Firm, "bohai"}, {Firm, "hansa"},
	{Firm, "pacific"}, {Firm, "elbe"}, {Firm, "nobody"}, {Firm, "bikes"}, {Commission, ""}, {Exporter, "bohai"}}

func org(v viewer) string {
	if v.role == Commission {
		return "tc"
	}
	return v.org
}

// TestNobodySeesWhatIsNotTheirs looks at every way that bytes go out: snapshot, changes, resume and API.
func TestNobodySeesWhatIsNotTheirs(t *testing.T) {
	s := newService(t)
	early := map[viewer]*browser{}
	late := map[viewer]resume{}
	for _, v := range viewers {
		early[v] = s.open(v.role, org(v), "")
		f := early[v].next()
		late[v] = resume{f.Epoch, f.Seq}
	}
	s.network()
	german := wish("R4", "bikes", "DE")
	german.VolumeM3 = 34.125
	s.say(german, wish("R5", "tiles", "FR"), wish("R6", "pipes", "FR")) // DE and FR hide each other, so that US shows
	s.booked("sofas", "R3", "bk-1")
	s.plan(1)
	s.settle()
	s.say(&planner.DepartureDelayed{Departure: "HAM-1", Mode: "sea", DelayHours: 7.0625}) // the last, seen by all
	for _, v := range viewers {
		t.Run(string(v.role)+" "+org(v), func(t *testing.T) {
			var changes strings.Builder
			for !strings.Contains(changes.String(), "7.0625") {
				changes.WriteString(early[v].next().raw)
			}
			ways := map[string]string{
				"changes":  changes.String(),
				"snapshot": s.open(v.role, org(v), "").next().raw,
				"resume":   s.open(v.role, org(v), fmt.Sprintf("?epoch=%s&seq=%d", late[v].epoch, late[v].seq)).next().raw,
				"api":      s.call(v.role, org(v), "GET", "/api/snapshot", nil).raw,
			}
			for way, raw := range ways {
				for _, secret := range secrets {
					sees := false
					for _, seer := range secret.seers {
						sees = sees || seer == v
					}
					assert.Equal(t, sees, strings.Contains(raw, secret.mark), "%s: %s, %s", way, secret.what, secret.mark)
				}
				for _, public := range []string{`"LAX-1"`, `"HAM-1"`, `"WH-US"`, `"CNTXG"`, `"objective":5000`} {
					assert.True(t, strings.Contains(raw, public), "%s: %s", way, public)
				}
			}
		})
	}
}

// A thing that goes to another owner is gone for the one before, who learns nothing of the new one.
func TestWhatOneMayNoLongerSeeIsGone(t *testing.T) {
	s := newService(t)
	s.network()
	s.plan(1)
	s.settle()
	before, after, nobody := s.open(Exporter, "bikes", ""), s.open(Exporter, "carpets", ""), s.open(Exporter, "nobody", "")
	w := &world{t: t}
	first := before.next()
	w.take(first)
	after.next()
	none := nobody.next()
	s.say(wish("R1", "carpets", "US"))
	f := before.next()
	w.take(f)
	assert.NotContains(t, w.values, "request/R1")
	assert.NotContains(t, w.values, "match/R1")
	assert.NotContains(t, f.raw, "carpets")
	assert.Contains(t, after.next().raw, `"goods of carpets"`)

	resumed := s.open(Exporter, "bikes", fmt.Sprintf("?epoch=%s&seq=%d", first.Epoch, first.Seq)).next()
	assert.JSONEq(t, `[{"kind":"request","id":"R1","value":null},{"kind":"match","id":"R1","value":null}]`, changesOf(t, resumed))
	// Whoever never saw it is not even told that something is gone.
	resumed = s.open(Exporter, "nobody", fmt.Sprintf("?epoch=%s&seq=%d", none.Epoch, none.Seq)).next()
	assert.JSONEq(t, `[]`, changesOf(t, resumed))

	// With a new carrier go the load, the match and the price.
	firm := s.open(Firm, "bohai", "")
	w = &world{t: t}
	w.take(firm.next())
	require.Contains(t, w.values, "match/R2")
	s.say(sailing("LAX-1", "newcomer", "CNTXG", "USLAX"))
	f = firm.next()
	w.take(f)
	assert.NotContains(t, w.values, "match/R2")
	assert.NotContains(t, w.values, "departure_load/LAX-1")
	assert.NotContains(t, w.values["plan/current"], "61.25")
}

func changesOf(t *testing.T, f frame) string {
	t.Helper()
	var raw struct{ Changes json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(f.raw), &raw))
	return string(raw.Changes)
}

func TestFirmsPartOfAMatch(t *testing.T) {
	s := newService(t)
	s.network()
	s.plan(1)
	s.settle()
	get := func(firm string) string {
		w := &world{t: t}
		w.take(s.open(Firm, firm, "").next())
		return w.values["match/R4"]
	}
	assert.JSONEq(t, `{"request":"R4","market":"DE","class":"general","parts":[{"request":"R4","fraction":0.5,"volume_m3":16.5,"weight_kg":2000,
		"departures":["HAM-1"]}]}`, get("hansa"))
	assert.JSONEq(t, `{"request":"R4","market":"DE","class":"general","parts":[{"request":"R4","fraction":0.5,"volume_m3":16.5,"weight_kg":2000,
		"departures":[],"gateway":"DEHAM","warehouse":"WH-DE","arrive":"2027-04-10T08:00:00Z"}]}`, get("elbe"))
	assert.Empty(t, get("bohai"))
}

// Whatever the numbers of exporters, what is withheld cannot be had by taking the rest from the sum.
func TestWithhold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := map[string]*marketRow{}
		for i, n := range rapid.SliceOfN(rapid.IntRange(1, 5), 1, 8).Draw(t, "exporters of each market") {
			row := &marketRow{parts: map[string]marketPart{}}
			for k := range n {
				row.parts[fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "exporter"), "-", k)] = marketPart{requests: 1}
			}
			rows[fmt.Sprint("M", i)] = row
		}
		withheld := withhold(rows)
		together := map[string]bool{}
		for id, row := range rows {
			if len(row.parts) < least {
				assert.True(t, withheld[id])
			}
			if withheld[id] {
				for e := range row.parts {
					together[e] = true
				}
			}
		}
		if len(withheld) > 0 && len(withheld) < len(rows) {
			assert.Greater(t, len(withheld), 1, "one alone is the sum less the rest")
			assert.GreaterOrEqual(t, len(together), least)
		}
	})
}

// Changes one by one leave a viewer with what a snapshot would show, whatever happened.
func TestChangesAddUpToTheSnapshot(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cfg := Config{Ring: rapid.IntRange(1, 30).Draw(r, "ring")}
		h := &hub{cfg: cfg, epoch: "e", news: make(chan struct{}), whereIs: newWhereabouts(), model: newModel(func(string) (PlaceNames, bool) { return PlaceNames{}, false }),
			entities: map[key]*facets{}, order: map[string][]string{}, untold: map[key]*facets{}, ring: ring{most: cfg.Ring}}
		orgs := []string{"a", "b", "c", "d"}
		who := func(label string) string { return rapid.SampledFrom(orgs).Draw(r, label) }
		shown := map[viewer]map[key]string{}
		at := map[viewer]uint64{}
		all := []viewer{{Exporter, "a"}, {Exporter, "b"}, {Firm, "a"}, {Firm, "c"}, {Commission, ""}}
		for _, v := range all {
			shown[v] = map[key]string{}
		}
		for range rapid.IntRange(1, 25).Draw(r, "batches") {
			var u live.Update
			for range rapid.IntRange(0, 3).Draw(r, "changes") {
				n := fmt.Sprint(rapid.IntRange(0, 3).Draw(r, "id"))
				switch rapid.IntRange(0, 5).Draw(r, "what") {
				case 0:
					d := planner.DepartureStatus{Departure: sailing("D"+n, who("carrier"), "X", "Y").Departure, BookedM3: 1}
					u.Departures = append(u.Departures, d)
				case 1:
					u.Warehouses = append(u.Warehouses, planner.WarehouseStatus{Warehouse: store("W"+n, who("operator"), "Y", "M").Warehouse})
				case 2:
					u.Requests = append(u.Requests, planner.RequestStatus{Request: wish("R"+n, who("exporter"), "M"+who("market")).Request})
				case 3:
					u.Matches = append(u.Matches, planner.Match{Request: "R" + n, Parts: []planner.Assignment{{Request: "R" + n, Fraction: 1,
						Departures: []string{"D" + n}, Warehouse: "W" + n, Cost: 1}}})
				case 4:
					u.Unplanned = append(u.Unplanned, "R"+n)
				case 5:
					u.DepartureLoads = append(u.DepartureLoads, live.LoadOf{ID: "D" + n, Load: planner.Load{M3: 1, Owners: rapid.IntRange(0, 4).Draw(r, "owners")}})
				}
			}
			h.take([]live.Update{u}, nil, time.Now())
			for _, v := range all {
				if rapid.Bool().Draw(r, "reads") {
					h.catchUp(v, at, shown)
				}
			}
		}
		for _, v := range all {
			h.catchUp(v, at, shown)
			want := map[key]string{}
			for k, f := range h.entities {
				if raw := f.of(v); raw != nil {
					want[k] = string(raw)
				}
			}
			assert.Equal(r, want, shown[v], "%v", v)
		}
	})
}

// catchUp brings a viewer level as join does.
func (h *hub) catchUp(v viewer, at map[viewer]uint64, shown map[viewer]map[key]string) {
	missed, ok := h.ring.since(at[v])
	if !ok {
		clear(shown[v])
		for k, f := range h.entities {
			if raw := f.of(v); raw != nil {
				shown[v][k] = string(raw)
			}
		}
	}
	for _, e := range missed {
		if now := h.entities[e.key].of(v); now == nil {
			delete(shown[v], e.key)
		} else {
			shown[v][e.key] = string(now)
		}
	}
	at[v] = h.seq
}
