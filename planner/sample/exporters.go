package sample

import (
	"slices"
	"sync"
)

type goods struct {
	nameZH, nameEN, hs, class    string
	kgPerM3Low, kgPerM3High, air float64
}

type industry struct {
	id, nameZH, nameEN, district string
	exporters                    int
	goods                        []goods
}

var industries = sync.OnceValue(func() []industry {
	var list []industry
	for _, r := range table("goods.csv") {
		if n := int(r.number("exporters")); n > 0 {
			list = append(list, industry{r.text("industry"), r.text("industry_zh"), r.text("industry_en"), r.text("district_zh"), n, nil})
		}
		last := &list[len(list)-1]
		if last.id != r.text("industry") {
			panic("sample: goods.csv: the first line of " + r.text("industry") + " must say how many exporters there are")
		}
		last.goods = append(last.goods, goods{r.text("name_zh"), r.text("name_en"), r.text("hs"), r.text("class"),
			r.number("kg_m3_low"), r.number("kg_m3_high"), r.number("air")})
	}
	return list
})

type exporter struct {
	Org
	industry *industry
}

// exporters lists the 300 exporters. The first carpet maker is Exporter.
var exporters = sync.OnceValue(func() []exporter {
	var list []exporter
	for i := range industries() {
		in := &industries()[i]
		for n := range in.exporters {
			id, zh, title := brand((n + 11*i) % brandCount())
			if in.id == "carpet" && n == 0 {
				id, zh, title = "yunjin", "云锦", "Yunjin"
			}
			list = append(list, exporter{Org{id + "-" + in.id, "天津" + in.district + zh + in.nameZH + "有限公司", title + " " + in.nameEN, RoleExporter}, in})
		}
	}
	return list
})

func exporterByID(id string) exporter {
	list := exporters()
	return list[slices.IndexFunc(list, func(e exporter) bool { return e.ID == id })]
}
