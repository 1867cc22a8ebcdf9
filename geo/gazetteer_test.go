package geo

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestGazetteer(t *testing.T) {
	seaports, airports := Seaports(), Airports()
	require.GreaterOrEqual(t, len(seaports), 150)
	require.GreaterOrEqual(t, len(airports), 120)
	seaCode, airCode := regexp.MustCompile(`^[A-Z]{2}[A-Z2-9]{3}$`), regexp.MustCompile(`^[A-Z]{3}$`)
	seen := map[string]bool{}
	for _, p := range slices.Concat(seaports, airports) {
		require.False(t, seen[p.Code], p.Code)
		seen[p.Code] = true
		if p.Kind == Seaport {
			require.Regexp(t, seaCode, p.Code)
			require.Equal(t, p.Country, p.Code[:2], p.Code)
		} else {
			require.Equal(t, Airport, p.Kind)
			require.Regexp(t, airCode, p.Code)
		}
		require.NoError(t, Valid(p.Point))
		require.True(t, strings.ContainsFunc(p.NameZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }), p.Code)
		require.NotEmpty(t, p.NameEN)
		require.NotEmpty(t, p.Region)
		_, named := CountryByCode(p.Country)
		require.True(t, named, "%s: country %s has no name", p.Code, p.Country)
	}
	for _, list := range [][]Place{seaports, airports} {
		require.True(t, slices.IsSortedFunc(list, func(a, b Place) int { return strings.Compare(a.Code, b.Code) }))
	}
}

func TestNamesAreUniqueInEachKind(t *testing.T) {
	for _, list := range [][]Place{Seaports(), Airports()} {
		zh, en := map[string]string{}, map[string]string{}
		for _, p := range list {
			require.Empty(t, zh[p.NameZH], "%s and %s", p.Code, zh[p.NameZH])
			require.Empty(t, en[p.NameEN], "%s and %s", p.Code, en[p.NameEN])
			zh[p.NameZH], en[p.NameEN] = p.Code, p.Code
		}
	}
}

func TestCountries(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Countries() {
		require.Regexp(t, `^[A-Z]{2}$`, c.Code)
		require.False(t, seen[c.Code], c.Code)
		seen[c.Code] = true
		require.True(t, strings.ContainsFunc(c.NameZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }), c.Code)
		require.NotEmpty(t, c.NameEN)
	}
	for code, zh := range map[string]string{"TW": "中国台湾", "HK": "中国香港", "MO": "中国澳门"} {
		c, ok := CountryByCode(code)
		require.True(t, ok)
		require.Equal(t, zh, c.NameZH)
		require.Contains(t, c.NameEN, ", China")
	}
	_, ok := CountryByCode("XX")
	require.False(t, ok)
}

func TestAliases(t *testing.T) {
	for alias, code := range aliases {
		p, ok := PlaceByCode(alias)
		require.True(t, ok, alias)
		require.Equal(t, code, p.Code)
		_, own := loadGazetteer().byCode[alias]
		require.False(t, own, "%s is a place of its own", alias)
	}
	require.Equal(t, []string{"CNTSN", "CNXGA", "CNXGG", "CNXIP"}, Aliases("CNTXG"))
	require.Equal(t, "KRPUS", CanonicalCode("KRPUS"))
	_, ok := PlaceByCode("XXXXX")
	require.False(t, ok)
}

func TestPassages(t *testing.T) {
	for _, p := range Passages() {
		require.Contains(t, []string{"strait", "canal", "cape"}, p.Kind, p.ID)
		require.True(t, strings.ContainsFunc(p.NameZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }), p.ID)
		require.NotEmpty(t, p.NameEN, p.ID)
		require.NotEmpty(t, p.Source, p.ID)
		require.NoError(t, Valid(p.Point), p.ID)
		got, ok := PassageByID(p.ID)
		require.True(t, ok)
		require.Equal(t, p, got)
	}
	_, ok := PassageByID("suezz")
	require.False(t, ok)
}

func TestNearest(t *testing.T) {
	p, km := NearestSeaport(place(t, "TSN"))
	require.Equal(t, "CNTXG", p.Code)
	require.InDelta(t, 35, km, 10)
	a, _ := NearestAirport(place(t, "CNTXG"))
	require.Equal(t, "TSN", a.Code)
	require.Contains(t, Regions(), "na-west")
}
