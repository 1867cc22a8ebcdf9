package sample

// Organizations with a sign-in link of their own. An id is what stands in the carrier, operator and exporter of facts.
const (
	Firm           = "bohai-ocean" // runs services, a flight and warehouses
	FirmName       = "渤海远洋物流 Bohai Ocean Logistics"
	Exporter       = "yunjin-carpet"
	ExporterName   = "天津云锦地毯有限公司 Yunjin Carpets"
	Commission     = "tianjin-transport-commission"
	CommissionName = "天津市交通运输委员会 Tianjin Transport Commission"
)

// Roles of an Org.
const (
	RoleFirm       = "firm"
	RoleExporter   = "exporter"
	RoleCommission = "commission"
)

// Org is an organization of the sample. Firms and exporters are invented.
type Org struct {
	ID, NameZH, NameEN, Role string
}

// Orgs lists the commission, the carriers, the warehouse firms and the exporters. They are the same for every seed.
func Orgs() []Org {
	list := []Org{{Commission, "天津市交通运输委员会", "Tianjin Transport Commission", RoleCommission}}
	for _, c := range carriers() {
		list = append(list, Org{c.id, c.nameZH, c.nameEN, RoleFirm})
	}
	list = append(list, warehouseFirms()[1:]...) // the first is a carrier too
	for _, e := range exporters() {
		list = append(list, e.Org)
	}
	return list
}
