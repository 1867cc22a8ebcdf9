package web

import (
	"fmt"
	"strings"
	"time"

	"haihe/planner/scenario"
)

// A difference as tables, for CSV and XLSX. What is withheld is an empty cell.

// table is one of them. Cells are string, float64, int or nil.
type table struct {
	name string
	head []string
	rows [][]any
}

// words picks Chinese or English.
type words bool

func (zh words) of(chinese, english string) string {
	if zh {
		return chinese
	}
	return english
}

// pair appends a figure without and with the changes, and the change.
func pair(row []any, p *scenario.Pair) []any {
	if p == nil {
		return append(row, nil, nil, nil)
	}
	return append(row, p.Before, p.After, p.Change())
}

func (zh words) pairHead(head []string, figures ...string) []string {
	for _, f := range figures {
		head = append(head, f+zh.of("（现状）", " before"), f+zh.of("（情景）", " after"), f+zh.of("（变化）", " change"))
	}
	return head
}

func (zh words) mode(m string) string {
	switch m {
	case "sea":
		return zh.of("海运", "sea")
	case "air":
		return zh.of("空运", "air")
	case "rail":
		return zh.of("铁路", "rail")
	case "road":
		return zh.of("公路", "road")
	}
	return m
}

// tables writes a difference down. Places and warehouses are named by name.
func (zh words) tables(x *scenario.Scenario, name func(kind, id string) string) []table {
	d := x.Answer.Difference
	t := &d.Totals
	money := d.Currency
	about := table{zh.of("说明", "About"), []string{zh.of("项目", "item"), zh.of("内容", "value")}, [][]any{
		{zh.of("情景", "what-if"), x.Name}, {zh.of("编号", "id"), x.ID},
		{zh.of("基准时间", "base"), x.Answer.BaseAt.Format(time.RFC3339)}, {zh.of("求解时间", "solved"), x.Answer.SolvedAt.Format(time.RFC3339)},
		{zh.of("关闭的通道", "passages shut"), strings.Join(d.Shut, " ")},
		{zh.of("说明", "note"), zh.of("货主少于三家的数据不予显示", "figures of fewer than three exporters are withheld")},
	}}
	for i, c := range x.Changes {
		about.rows = append(about.rows, []any{fmt.Sprintf("%s %d", zh.of("变化", "change"), i+1), zh.change(&c, name)})
	}
	totals := table{zh.of("总计", "Totals"), []string{zh.of("指标", "figure"), zh.of("单位", "unit"), zh.of("现状", "before"), zh.of("情景", "after"), zh.of("变化", "change")}, nil}
	for _, r := range []struct {
		zh, en, unit string
		p            scenario.Pair
	}{
		{"总目标（成本加未匹配价值）", "objective (cost and value left behind)", money, t.Objective},
		{"运输与仓储成本", "cost of what goes", money, t.Cost}, {"未匹配货物价值", "value of what is left behind", money, t.Unmatched},
		{"需求", "asked", "m3", t.AskedM3}, {"已匹配", "matched", "m3", t.MatchedM3},
		{"需求单数", "requests", "", t.Requests}, {"完全匹配单数", "requests wholly matched", "", t.Matched},
		{"平均到仓时间", "mean time to the warehouse", "d", t.Days}, {"碳排放", "CO2e", "t", t.CO2eT},
	} {
		totals.rows = append(totals.rows, pair([]any{zh.of(r.zh, r.en), r.unit}, &r.p))
	}
	row := func(title, id, kind string, list []scenario.Row, market bool) table {
		head := []string{id, zh.of("名称", "name"), zh.of("货主数", "exporters")}
		figures := []string{zh.of("已匹配 m3", "matched m3"), zh.of("金额 ", "amount ") + money}
		if market {
			figures = append(figures, zh.of("需求 m3", "asked m3"), zh.of("天数", "days"), "CO2e t")
		}
		out := table{title, zh.pairHead(head, figures...), nil}
		for _, r := range list {
			cells := pair(pair([]any{r.ID, name(kind, r.ID), count(r.Owners)}, r.MatchedM3), r.Cost)
			if market {
				cells = pair(pair(pair(cells, r.AskedM3), r.Days), r.CO2eT)
			}
			out.rows = append(out.rows, cells)
		}
		return out
	}
	lanes := table{zh.of("航线", "Lanes"), zh.pairHead([]string{zh.of("起点", "from"), zh.of("终点", "to"), zh.of("起点名称", "from name"),
		zh.of("终点名称", "to name"), zh.of("方式", "mode"), zh.of("货主数", "exporters")}, zh.of("班次", "departures"), zh.of("舱位 m3", "room m3"),
		zh.of("航程小时", "hours"), zh.of("一立方米价值 ", "worth of one m3 ")+money, zh.of("计划装载 m3", "planned m3"), "CO2e t"), nil}
	for _, l := range d.Lanes {
		r := []any{l.From, l.To, name("place", l.From), name("place", l.To), zh.mode(l.Mode), count(l.Owners)}
		lanes.rows = append(lanes.rows, pair(pair(pair(pair(pair(pair(r, &l.Departures), &l.RoomM3), &l.Hours), &l.Price), l.M3), l.CO2eT))
	}
	necks := table{zh.of("瓶颈", "Bottlenecks"), zh.pairHead([]string{zh.of("类型", "kind"), "id", zh.of("起点", "from"), zh.of("终点", "to"), zh.of("开航", "departs")},
		zh.of("一立方米价值 ", "worth of one m3 ")+money), nil}
	for _, b := range d.Bottlenecks {
		kind, departs := zh.of("仓库", "warehouse"), ""
		if b.Kind == "departure" {
			kind = zh.of("班次", "departure")
		}
		if b.Depart != nil {
			departs = b.Depart.Format(time.RFC3339)
		}
		necks.rows = append(necks.rows, pair([]any{kind, b.ID, b.From, b.To, departs}, &b.Price))
	}
	sides := table{zh.of("货主", "Exporters"), []string{zh.of("市场", "market"), zh.of("受益", "gain"), zh.of("受损", "lose"), zh.of("不变", "same"),
		zh.of("受益金额 ", "gained ") + money, zh.of("受损金额 ", "lost ") + money}, nil}
	for _, s := range d.Exporters {
		market := s.Market
		if market == "" {
			market = zh.of("全部", "all")
		}
		sides.rows = append(sides.rows, []any{market, count(s.Gain), count(s.Lose), count(s.Same), amount(s.Gained), amount(s.Lost)})
	}
	return []table{about, totals,
		row(zh.of("市场", "Markets"), zh.of("市场", "market"), "market", d.Markets, true), lanes, necks,
		row(zh.of("承运人", "Carriers"), zh.of("承运人", "carrier"), "", d.Carriers, false),
		row(zh.of("海外仓企业", "Warehouse operators"), zh.of("企业", "operator"), "", d.Operators, false), sides}
}

func count(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}

func amount(x *float64) any {
	if x == nil {
		return nil
	}
	return *x
}

// change says what is supposed, in one line.
func (zh words) change(c *scenario.Change, name func(kind, id string) string) string {
	switch c.Kind {
	case scenario.ShutPassage:
		text := zh.of("关闭", "shut ") + name("passage", c.Passage)
		if c.From != nil {
			text += zh.of("，自 ", ", from ") + c.From.Format(time.RFC3339)
		}
		if c.Until != nil {
			text += zh.of("，至 ", ", until ") + c.Until.Format(time.RFC3339)
		}
		return text
	case scenario.OpenPassage:
		return zh.of("开放", "open ") + name("passage", c.Passage)
	case scenario.AddService:
		calls := make([]string, len(c.Service.Calls))
		for i, id := range c.Service.Calls {
			calls[i] = name("place", id)
		}
		every := c.Service.EveryDays
		if every == 0 {
			every = 7
		}
		return zh.of("新增", "add ") + zh.mode(c.Service.Mode) + " " + strings.Join(calls, "–") + fmt.Sprintf(zh.of("，每 %g 天一班", ", every %g days"), every)
	case scenario.ChangeWarehouse:
		text := name("warehouse", c.Warehouse)
		if c.Factor != nil {
			text += fmt.Sprintf(zh.of("：库容 ×%g", ": room ×%g"), *c.Factor)
		}
		if c.Public != nil {
			if *c.Public {
				text += zh.of("：转为公共", ": made public")
			} else {
				text += zh.of("：转为自用", ": no longer public")
			}
		}
		return text
	case scenario.StrikePort:
		return name("place", c.Place) + fmt.Sprintf(zh.of("停工 %g 天", ": %g days of strike"), c.Days)
	case scenario.ChangeDemand:
		market := c.Market
		if market == "" {
			market = zh.of("全部市场", "all markets")
		}
		return market + fmt.Sprintf(zh.of("：需求 ×%g", ": demand ×%g"), *c.Factor)
	}
	return c.Kind
}
