package planner

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tiny is a problem with one of everything, laid out so that its lines can be pointed at.
const tiny = `{
"version": "haihe.problem/1", "currency": "USD", "start": "2027-03-01T00:00:00Z", "days": 30,
"places": [
{"id": "CNTXG", "name": "天津新港", "kind": "seaport", "country": "CN", "lat": 38.98, "lon": 117.7, "transfer_hours": 24, "transfer_cost_m3": 2},
{"id": "USLAX", "kind": "seaport", "country": "US", "lat": 33.74, "lon": -118.26, "transfer_hours": 24, "transfer_cost_m3": 3}],
"departures": [
{"id": "V1/1", "mode": "sea", "carrier": "Bohai Ocean", "voyage": "V1", "from": "CNTXG", "to": "USLAX",
 "cutoff": "2027-03-02T00:00:00Z", "depart": "2027-03-03T00:00:00Z", "arrive": "2027-03-17T00:00:00Z",
 "capacity_m3": 100, "capacity_kg": 50000, "rate": {"per": "m3", "amount": 80, "kg_per_m3": 1000}, "co2e_kg_per_t": 120, "classes": ["general"]}],
"warehouses": [
{"id": "LA1", "operator": "Ontario Storage", "country": "US", "lat": 34.06, "lon": -117.6, "capacity_m3": 60, "classes": ["general"],
 "inbound_m3": 6, "storage_m3_day": 0.4, "gateways": [{"place": "USLAX", "hours": 12, "rate_m3": 9}], "markets": [{"id": "US-W", "hours": 48, "rate_m3": 30}]}],
"requests": [
{"id": "R1", "exporter": "x", "origin": "CNTXG", "market": "US-W", "class": "general", "volume_m3": 40, "weight_kg": 8000,
 "ready": "2027-03-01T00:00:00Z", "due": "2027-03-25T00:00:00Z", "storage_days": 20, "drawdown": "linear", "whole": false,
 "value": 20000, "time_cost_m3_day": 1, "co2e_price_t": 80}]
}
`

// What storage costs by age stands in a version of its own: whoever knows only the first is not to reckon without it.
func TestStorageByAgeIsAnotherVersion(t *testing.T) {
	tiered := strings.Replace(tiny, `"storage_m3_day": 0.4,`, `"storage_m3_day": 0.4, "free_days": 3, "storage_tiers": [{"from_day": 10, "m3_day": 0.8}],`, 1)
	_, err := DecodeProblem(strings.NewReader(tiered), "p.json")
	require.EqualError(t, err, `p.json: version: must be "haihe.problem/2" where storage has free_days or storage_tiers, got "haihe.problem/1"`)
	p, err := DecodeProblem(strings.NewReader(strings.Replace(tiered, "problem/1", "problem/2", 1)), "p.json")
	require.NoError(t, err)
	written := func() string {
		var b strings.Builder
		require.NoError(t, EncodeProblem(&b, p))
		return b.String()
	}
	assert.Contains(t, written(), `"haihe.problem/2"`)
	p.Warehouses[0].FreeDays, p.Warehouses[0].StorageTiers = 0, nil
	assert.Contains(t, written(), `"haihe.problem/1"`)
	assert.NotContains(t, written(), "free_days")
	assert.NotContains(t, written(), "storage_tiers")
	again, err := DecodeProblem(strings.NewReader(written()), "p.json")
	require.NoError(t, err)
	assert.Equal(t, ProblemVersion, again.Version)
}

func TestDecodeProblemReads(t *testing.T) {
	p, err := DecodeProblem(strings.NewReader(tiny), "tiny.json")
	require.NoError(t, err)
	assert.Equal(t, "天津新港", p.Places[0].Name)
	assert.Equal(t, PerDay{60}, p.Warehouses[0].CapacityM3)
	assert.Equal(t, 17, p.Departures[0].Arrive.Day())

	var b bytes.Buffer
	require.NoError(t, EncodeProblem(&b, p))
	again, err := DecodeProblem(&b, "again")
	require.NoError(t, err)
	assert.Equal(t, p, again)
}

func TestDecodeProblemSaysWhatIsWrongAndWhere(t *testing.T) {
	long := strings.Repeat("x", 10<<20)
	for name, c := range map[string]struct{ old, new, want string }{
		"empty file":       {tiny, " \n", `p.json: is empty; want a haihe.problem/1 file`},
		"cut off":          {tiny[400:], "", `is not JSON: the file ends too early`},
		"broken":           {`"days": 30,`, `"days": 30;`, `p.json:2:93: is not JSON: `},
		"trailing":         {"]\n}\n", "]\n}\n{}", `p.json:18:1: is not JSON: `},
		"NaN":              {`"value": 20000`, `"value": NaN`, `p.json:16:11: requests[0].value: is not JSON: `},
		"not UTF-8":        {"天津新港", "\xff\xfe", `p.json:4:26: places[0].name: is not JSON: invalid UTF-8`},
		"name twice":       {`"mode": "sea"`, `"mode": "sea", "mode": "air"`, `p.json:7:31: departures[0].mode: is not JSON: a name stands there twice`},
		"unknown field":    {`"voyage"`, `"voyaje"`, `p.json:7:57: departures[0].voyaje: unknown field`},
		"capital letters":  {`"voyage"`, `"Voyage"`, `departures[0].Voyage: unknown field`},
		"text for number":  {`"days": 30`, `"days": "30"`, `p.json:2:91: days: want a whole number, got the text "30"`},
		"part of a day":    {`"days": 30`, `"days": 30.5`, `days: want a whole number, got 30.5`},
		"number for text":  {`"id": "R1"`, `"id": 1`, `p.json:14:8: requests[0].id: want a text, got 1`},
		"object for list":  {`"classes": ["general"]}],`, `"classes": {}}],`, `departures[0].classes: want a list, got an object`},
		"list for object":  {`"rate": {"per": "m3", "amount": 80, "kg_per_m3": 1000}`, `"rate": []`, `departures[0].rate: want an object, got a list`},
		"null for list":    {`"classes": ["general"]}],`, `"classes": null}],`, `departures[0].classes: must not be null`},
		"null for number":  {`"value": 20000`, `"value": null`, `p.json:16:11: requests[0].value: must not be null`},
		"beyond float64":   {`"value": 20000`, `"value": 1e400`, `requests[0].value: want a number, got 1e400`},
		"far too much":     {`"value": 20000`, `"value": 1e300`, `requests[0].value: must be at most 1e+18, got 1e+300`},
		"negative":         {`"capacity_m3": 100`, `"capacity_m3": -3`, `p.json:9:17: departures[0].capacity_m3: must not be negative, got -3`},
		"negative room":    {`"capacity_m3": 60`, `"capacity_m3": -60`, `p.json:11:`},
		"days of room":     {`"capacity_m3": 60`, `"capacity_m3": [1, 2]`, `warehouses[0].capacity_m3: must have one number, or one for each of the 30 days, has 2`},
		"text for room":    {`"capacity_m3": 60`, `"capacity_m3": "a lot"`, `p.json:11:107: warehouses[0].capacity_m3: want a number, or one number a day, got `},
		"no place":         {`"to": "USLAX"`, `"to": "USLGB"`, `p.json:7:96: departures[0].to: no place has the id "USLGB"`},
		"no origin":        {`"origin": "CNTXG"`, `"origin": "TXG"`, `requests[0].origin: no place has the id "TXG"`},
		"no gateway":       {`"place": "USLAX"`, `"place": "X"`, `warehouses[0].gateways[0].place: no place has the id "X"`},
		"id twice":         {`"id": "USLAX"`, `"id": "CNTXG"`, `p.json:5:8: places[1].id: "CNTXG" is already that of places[0]`},
		"missing field":    {`"due": "2027-03-25T00:00:00Z", `, ``, `p.json:14:1: requests[0].due: is missing`},
		"long id":          {`"id": "R1"`, `"id": "` + long + `"`, `p.json:14:8: requests[0].id: must be at most 200 bytes long, is 10485760`},
		"long unknown":     {`"id": "R1"`, `"` + long + `": 1`, `: unknown field`},
		"long number text": {`"days": 30`, `"days": "` + long + `"`, `days: want a whole number, got the text "xxx`},
		"local time":       {`"due": "2027-03-25T00:00:00Z"`, `"due": "2027-03-25T00:00:00+08:00"`, `requests[0].due: must be in UTC, e.g. 2027-03-24T16:00:00Z, got 2027-03-25T00:00:00+08:00`},
		"no time":          {`"due": "2027-03-25T00:00:00Z"`, `"due": "25.3.2027"`, `requests[0].due: want a time in UTC such as "2027-03-01T08:30:00Z", got the text "25.3.2027"`},
		"order of times":   {`"depart": "2027-03-03T00:00:00Z"`, `"depart": "2027-03-01T00:00:00Z"`, `departures[0].depart: must not be before cutoff`},
		"noon":             {`"start": "2027-03-01T00:00:00Z"`, `"start": "2027-03-01T12:00:00Z"`, `start: must be midnight UTC, got 12:00:00`},
		"mode":             {`"mode": "sea"`, `"mode": "pipe"`, `departures[0].mode: must be one of sea, air, rail, road, post, got "pipe"`},
		"drawdown":         {`"linear"`, `"fast"`, `requests[0].drawdown: must be one of none, linear, got "fast"`},
		"latitude":         {`"lat": 33.74`, `"lat": 133.74`, `places[1].lat: must be from -90 to 90, got 133.74`},
		"currency":         {`"USD"`, `"dollars"`, `currency: must be three capital letters`},
		"other file":       {tiny, `{"version": "haihe.plan/1", "status": "optimal"}`, `p.json: version: want a haihe.problem/1 file, this one is "haihe.plan/1"`},
		"a list":           {tiny, `[]`, `want an object, got a list`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(tiny, c.old, c.new, 1)
			require.NotEqual(t, tiny, text)
			_, err := DecodeProblem(strings.NewReader(text), "p.json")
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
			assert.Less(t, len(err.Error()), 400, "an error is short")
			var list *DecodeErrors
			assert.True(t, errors.As(err, &list))
		})
	}
}

func TestDecodeProblemTellsManyErrorsTogether(t *testing.T) {
	text := strings.ReplaceAll(tiny, `"transfer_hours": 24`, `"transfer_hours": -1`)
	text = strings.Replace(text, `"classes": ["general"]`, `"classes": [`+strings.Repeat(`"", `, 19)+`""]`, 1)
	_, err := DecodeProblem(strings.NewReader(text), "p.json")
	require.Error(t, err)
	all := strings.Split(err.Error(), "\n")
	assert.Len(t, all, maxFieldErrors+1)
	assert.Contains(t, all[0], "p.json:4:")
	assert.Contains(t, all[1], "p.json:5:")
	assert.Equal(t, "and 12 more", all[maxFieldErrors])
}

func TestDecodePlan(t *testing.T) {
	const text = `{"version": "haihe.plan/1", "status": "feasible", "objective": 20000, "bound": 0, "gap": 1, "seconds": 0.1,
"assignments": null, "unmatched": [{"request": "R1", "fraction": 1, "reason": {"code": "no_route", "message": "none", "day": 3}}],
"prices": {"departures": null, "warehouses": []}}`
	p, err := DecodePlan(strings.NewReader(text), "plan.json")
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, EncodePlan(&b, p))
	assert.NotContains(t, b.String(), "relaxation", "what is not there is not written")
	again, err := DecodePlan(&b, "again")
	require.NoError(t, err)
	assert.Equal(t, p.Unmatched, again.Unmatched)

	for old, want := range map[string]string{
		`"fraction": 1`:             `unmatched[0].fraction: want a number, got the text "x"`,
		`"objective": 20000`:        `objective: want a number, got the text "x"`,
		`"departures": null`:        `prices.departures: want a list, got the text "x"`,
		`"version": "haihe.plan/1"`: `version: must be "haihe.plan/1", got "x"`,
		`"status": "feasible"`:      ``,
		`"day": 3`:                  `unmatched[0].reason.day: want a whole number, got the text "x"`,
		`"reason": {"code": "no_route", "message": "none", "day": 3}`: `unmatched[0].reason: want an object, got the text "x"`,
	} {
		field, _, _ := strings.Cut(old, ":")
		_, err := DecodePlan(strings.NewReader(strings.Replace(text, old, field+`: "x"`, 1)), "plan.json")
		if want == "" {
			assert.NoError(t, err, "the status is for Check to judge")
			continue
		}
		if assert.Error(t, err, old) {
			assert.Contains(t, err.Error(), want)
		}
	}
}

func FuzzDecodeProblem(f *testing.F) {
	f.Add([]byte(tiny))
	f.Add([]byte(`{"version": "haihe.problem/1", "warehouses": [{"capacity_m3": [1, null]}]}`))
	f.Add([]byte(`{"requests": [{"due": "2027-03-25T00:00:00+08:00"}]} {}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := DecodeProblem(bytes.NewReader(data), "f")
		if err != nil {
			if len(err.Error()) > 20*1024 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		var b bytes.Buffer
		if err := EncodeProblem(&b, p); err != nil {
			t.Fatal(err)
		}
		again, err := DecodeProblem(bytes.NewReader(b.Bytes()), "again")
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		var c bytes.Buffer
		if err := EncodeProblem(&c, again); err != nil || !bytes.Equal(b.Bytes(), c.Bytes()) {
			t.Fatalf("written twice, it differs: %v", err)
		}
	})
}

func FuzzDecodePlan(f *testing.F) {
	f.Add([]byte(`{"version": "haihe.plan/1", "assignments": [{"request": "R1", "fraction": 1, "departures": ["V1/1"],
"gateway": "USLAX", "warehouse": "LA1", "arrive": "2027-03-17T12:00:00Z", "cost": 6000}], "unmatched": null, "prices": {}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		plan, err := DecodePlan(bytes.NewReader(data), "f")
		if err != nil {
			return
		}
		p, err := DecodeProblem(strings.NewReader(tiny), "tiny")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Check(p, plan); err != nil {
			t.Fatalf("a plan of whatever content gets a verdict: %v", err)
		}
		var b bytes.Buffer
		if err := EncodePlan(&b, plan); err != nil {
			t.Fatal(err)
		}
		if _, err := DecodePlan(bytes.NewReader(b.Bytes()), "again"); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}

func BenchmarkDecodeProblem(b *testing.B) {
	data, err := os.ReadFile("../../shared/data/linerlib-pacific.json")
	if err != nil {
		b.Skip("no ../shared")
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := DecodeProblem(bytes.NewReader(data), "linerlib"); err != nil {
			b.Fatal(err)
		}
	}
}
