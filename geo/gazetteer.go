package geo

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// Kinds of places.
const (
	Seaport = "seaport"
	Airport = "airport"
)

// Place is a seaport or airport of the gazetteer.
type Place struct {
	Code    string // UN/LOCODE of a seaport, "CNTXG"; IATA code of an airport, "TSN"
	Kind    string // Seaport or Airport
	NameZH  string // "天津新港"
	NameEN  string // "Tianjin Xingang"
	Country string // ISO 3166-1 alpha-2; named by CountryByCode
	Region  string // where it trades, one of Regions(): Vladivostok is "russia-far-east", Saint Petersburg "baltic"
	Point   orb.Point
}

// Feature is the place as GeoJSON: its point, with the properties code, kind, name_zh, name_en, country and region.
func (p Place) Feature() *geojson.Feature {
	f := geojson.NewFeature(p.Point)
	f.ID = p.Code
	f.Properties = geojson.Properties{"code": p.Code, "kind": p.Kind, "name_zh": p.NameZH, "name_en": p.NameEN,
		"country": p.Country, "region": p.Region}
	return f
}

// aliases are codes in use for places that the gazetteer keeps under another.
//   - Tianjin: UN/LOCODE lists the city and its river port, CNTSN, beside the new port at the sea, CNTXG, where the
//     containers are; carriers and route data also write CNXIP, CNXGG and CNXGA for Xingang.
//   - Ningbo and Qingdao, Dalian: older or city codes of the same port.
//   - Nur-Sultan's airport was TSE until 2020, Ulaanbaatar's old one ULN.
var aliases = map[string]string{
	"CNTSN": "CNTXG", "CNXIP": "CNTXG", "CNXGG": "CNTXG", "CNXGA": "CNTXG",
	"CNNBO": "CNNGB", "CNQIN": "CNTAO", "CNDAL": "CNDLC", "CNSGH": "CNSHA", "CNXAM": "CNXMN",
	"TSE": "NQZ", "ULN": "UBN",
}

//go:embed seaports.csv airports.csv countries.csv
var tables embed.FS

type gazetteer struct {
	seaports, airports []Place // sorted by code
	byCode             map[string]Place
	seaportAt          map[orb.Point]bool
}

var loadGazetteer = sync.OnceValue(func() *gazetteer {
	g := &gazetteer{byCode: map[string]Place{}, seaportAt: map[orb.Point]bool{}}
	for _, row := range table("seaports.csv", "code", "name_zh", "name_en", "country", "region", "lat", "lon") {
		g.seaports = append(g.seaports, Place{row[0], Seaport, row[1], row[2], row[3], row[4], position(row[5], row[6])})
	}
	for _, row := range table("airports.csv", "code", "name_zh", "name_en", "country", "region", "lat", "lon") {
		g.airports = append(g.airports, Place{row[0], Airport, row[1], row[2], row[3], row[4], position(row[5], row[6])})
	}
	for _, list := range [][]Place{g.seaports, g.airports} {
		slices.SortFunc(list, func(a, b Place) int { return strings.Compare(a.Code, b.Code) })
		for _, p := range list {
			if _, twice := g.byCode[p.Code]; twice {
				panic("geo: gazetteer: " + p.Code + " stands twice")
			}
			g.byCode[p.Code] = p
			if p.Kind == Seaport {
				g.seaportAt[p.Point] = true
			}
		}
	}
	return g
})

// Seaports lists the seaports by code.
func Seaports() []Place { return slices.Clone(loadGazetteer().seaports) }

// Airports lists the airports by code.
func Airports() []Place { return slices.Clone(loadGazetteer().airports) }

// PlaceByCode finds a seaport or airport by its code or an alias of it, in capitals: "CNTSN" gives CNTXG.
func PlaceByCode(code string) (Place, bool) {
	p, ok := loadGazetteer().byCode[CanonicalCode(code)]
	return p, ok
}

// CanonicalCode is the code under which the gazetteer keeps a place: that of an alias's place, else the code as it is.
func CanonicalCode(code string) string {
	if c, ok := aliases[code]; ok {
		return c
	}
	return code
}

// Aliases lists the other codes of a place, sorted.
func Aliases(code string) []string {
	var list []string
	for alias, c := range aliases {
		if c == code {
			list = append(list, alias)
		}
	}
	slices.Sort(list)
	return list
}

// Regions lists the trading regions of the gazetteer, sorted.
func Regions() []string {
	g := loadGazetteer()
	var list []string
	for _, p := range slices.Concat(g.seaports, g.airports) {
		list = append(list, p.Region)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// NearestSeaport is the seaport nearest to p and its distance in km.
func NearestSeaport(p orb.Point) (Place, float64) { return nearest(loadGazetteer().seaports, p) }

// NearestAirport is the airport nearest to p and its distance in km.
func NearestAirport(p orb.Point) (Place, float64) { return nearest(loadGazetteer().airports, p) }

func nearest(list []Place, p orb.Point) (Place, float64) {
	var best Place
	bestKm := math.Inf(1)
	for _, c := range list {
		if km := DistanceKm(p, c.Point); km < bestKm {
			best, bestKm = c, km
		}
	}
	return best, bestKm
}

// table reads an embedded table; lines that begin with # are remarks, the first other line must name the columns.
func table(file string, columns ...string) [][]string {
	raw, err := tables.ReadFile(file)
	if err != nil {
		panic("geo: " + err.Error())
	}
	r := csv.NewReader(bytes.NewReader(raw))
	r.Comment, r.FieldsPerRecord = '#', len(columns)
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 || !slices.Equal(rows[0], columns) {
		panic(fmt.Sprintf("geo: %s: want the columns %v: %v", file, columns, err))
	}
	return rows[1:]
}

func position(lat, lon string) orb.Point {
	y, errY := strconv.ParseFloat(lat, 64)
	x, errX := strconv.ParseFloat(lon, 64)
	p := orb.Point{x, y}
	if errY != nil || errX != nil || Valid(p) != nil {
		panic(fmt.Sprintf("geo: %q, %q is no position", lat, lon))
	}
	return p
}
