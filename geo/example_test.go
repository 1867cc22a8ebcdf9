package geo_test

import (
	"fmt"

	"haihe/geo"
)

func ExamplePlaceByCode() {
	port, _ := geo.PlaceByCode("CNTSN") // the city's code stands for its container port
	country, _ := geo.CountryByCode(port.Country)
	fmt.Println(port.Code, port.NameZH, port.NameEN, country.NameZH)
	// Output: CNTXG 天津新港 Tianjin Xingang 中国
}

func ExampleNewRouter() {
	route := geo.NewRouter()
	tianjin, _ := geo.PlaceByCode("CNTXG")
	busan, _ := geo.PlaceByCode("KRPUS")
	way, err := route(tianjin.Point, busan.Point, geo.Sea)
	if err != nil {
		panic(err)
	}
	for _, id := range way.Via {
		p, _ := geo.PassageByID(id)
		fmt.Println(p.NameEN)
	}
	_, bearing := way.At(0)
	fmt.Println("leaving eastward:", bearing > 60 && bearing < 120)
	// Output:
	// Bohai Strait
	// Korea Strait
	// leaving eastward: true
}

func ExampleNewRouterAvoiding() {
	open := geo.NewRouter()
	closed, _ := geo.NewRouterAvoiding("bab-el-mandeb")
	tianjin, _ := geo.PlaceByCode("CNTXG")
	hamburg, _ := geo.PlaceByCode("DEHAM")
	red, _ := open(tianjin.Point, hamburg.Point, geo.Sea)
	cape, _ := closed(tianjin.Point, hamburg.Point, geo.Sea)
	fmt.Println("round the Cape is longer:", cape.DistanceKm > red.DistanceKm)
	// Output: round the Cape is longer: true
}
