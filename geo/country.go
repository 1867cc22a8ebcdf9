package geo

import (
	"slices"
	"strings"
	"sync"
)

// Country is a country or region by its names on a Chinese public map; 中国香港, 中国澳门 and 中国台湾 carry the country's name.
type Country struct {
	Code   string // ISO 3166-1 alpha-2
	NameZH string
	NameEN string
}

var loadCountries = sync.OnceValue(func() []Country {
	var list []Country
	for _, row := range table("countries.csv", "code", "name_zh", "name_en") {
		list = append(list, Country{row[0], row[1], row[2]})
	}
	slices.SortFunc(list, func(a, b Country) int { return strings.Compare(a.Code, b.Code) })
	return list
})

// Countries lists the countries and regions by code.
func Countries() []Country { return slices.Clone(loadCountries()) }

// CountryByCode finds a country or region by its ISO 3166-1 alpha-2 code, in capitals.
func CountryByCode(code string) (Country, bool) {
	list := loadCountries()
	i, ok := slices.BinarySearchFunc(list, code, func(c Country, code string) int { return strings.Compare(c.Code, code) })
	if !ok {
		return Country{}, false
	}
	return list[i], true
}
