package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/xuri/excelize/v2"

	"haihe/planner"
	"haihe/planner/scenario"
)

type scenarioFileInput struct {
	ID   string `path:"id" minLength:"1" maxLength:"200"`
	Lang string `query:"lang" enum:"zh,en" default:"zh" doc:"Of headings and names"`
}

// download is a file to be kept.
type download struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte `contentType:"application/octet-stream"`
}

func (s *Server) apiScenarioFiles(a huma.API, desk *scenario.Desk, op func(id, method, path, summary string, errors ...int) huma.Operation) {
	files := []struct {
		ext, kind, summary string
		make               func(*scenario.Scenario, words) ([]byte, error)
	}{
		{"csv", "text/csv; charset=utf-8", "as CSV: one line a figure, before and after", s.scenarioCSV},
		{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "as a workbook: one sheet a table", s.scenarioXLSX},
		{"geojson", "application/geo+json", "as GeoJSON: lanes as they go with the changes", s.scenarioGeoJSON},
	}
	for _, f := range files {
		operation(s, a, op("scenario-"+f.ext, http.MethodGet, "/{id}/difference."+f.ext, "The difference "+f.summary, 404), []Role{Commission},
			func(_ context.Context, _ session, in *scenarioFileInput) (*download, error) {
				x, err := desk.Get(in.ID)
				if err != nil {
					return nil, scenarioError(err)
				}
				if x.Answer == nil || x.Answer.Difference == nil {
					return nil, huma.Error404NotFound("it has no answer yet; wait until it is done, or solve it again")
				}
				b, err := f.make(&x, words(in.Lang != "en"))
				if err != nil {
					return nil, err
				}
				return &download{f.kind, `attachment; filename="haihe-` + in.ID + "." + f.ext + `"`, b}, nil
			})
	}
}

// namer names places, passages and warehouses as they are known now.
func (s *Server) namer(zh words) func(kind, id string) string {
	passages := map[string]string{}
	for _, p := range planner.Passages() {
		passages[p.ID] = zh.of(p.NameZH, p.NameEN)
	}
	return func(kind, id string) string {
		name := ""
		switch kind {
		case "passage":
			name = passages[id]
		case "place":
			p, _ := s.cfg.Place(id)
			name = zh.of(p.ZH, p.EN)
		case "warehouse":
			s.hub.look(func(m *model) {
				if w := m.warehouses[id]; w != nil {
					name = w.Name
				}
			})
			if han, latin, both := strings.Cut(name, " · "); both {
				name = zh.of(han, latin)
			}
		}
		if name == "" {
			return id
		}
		return name
	}
}

func (s *Server) scenarioCSV(x *scenario.Scenario, zh words) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff") // spreadsheets take it for UTF-8 by this alone
	w := csv.NewWriter(&b)
	for i, t := range zh.tables(x, s.namer(zh)) {
		if i > 0 {
			w.Write(nil)
		}
		w.Write([]string{"# " + t.name})
		w.Write(t.head)
		for _, row := range t.rows {
			cells := make([]string, len(row))
			for k, c := range row {
				cells[k] = csvCell(c)
			}
			w.Write(cells)
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// csvCell writes a number plainly, and a text so that no spreadsheet takes it for a formula.
func csvCell(c any) string {
	switch c := c.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(math.Round(c*1e6)/1e6+0, 'f', -1, 64) // + 0: no −0
	case string:
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			return "'" + c
		}
		return c
	}
	return fmt.Sprint(c)
}

func (s *Server) scenarioXLSX(x *scenario.Scenario, zh words) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	number, err := f.NewStyle(&excelize.Style{NumFmt: 4}) // #,##0.00
	if err != nil {
		return nil, err
	}
	for i, t := range zh.tables(x, s.namer(zh)) {
		if i == 0 {
			err = f.SetSheetName("Sheet1", t.name)
		} else {
			_, err = f.NewSheet(t.name)
		}
		if err != nil {
			return nil, err
		}
		if err := writeSheet(f, &t, bold, number); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writeSheet(f *excelize.File, t *table, bold, number int) error {
	w, err := f.NewStreamWriter(t.name)
	if err != nil {
		return err
	}
	if err := w.SetColWidth(1, max(1, len(t.head)), 16); err != nil {
		return err
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	head := make([]any, len(t.head))
	for i, h := range t.head {
		head[i] = excelize.Cell{StyleID: bold, Value: h}
	}
	if err := w.SetRow("A1", head); err != nil {
		return err
	}
	for i, row := range t.rows {
		cells := make([]any, len(row))
		for k, c := range row {
			cells[k] = c
			if _, ok := c.(float64); ok {
				cells[k] = excelize.Cell{StyleID: number, Value: c}
			}
		}
		at, err := excelize.CoordinatesToCellName(1, i+2)
		if err != nil {
			return err
		}
		if err := w.SetRow(at, cells); err != nil {
			return err
		}
	}
	return w.Flush()
}

// scenarioGeoJSON has a feature for each lane that differs, as it goes with the changes.
func (s *Server) scenarioGeoJSON(x *scenario.Scenario, zh words) ([]byte, error) {
	d := x.Answer.Difference
	line, name := scenario.Lines(d.Shut), s.namer(zh)
	where := map[string]orb.Point{}
	s.hub.look(func(m *model) {
		for id, p := range m.places {
			where[id] = orb.Point{p.Lon, p.Lat}
		}
	})
	c := geojson.NewFeatureCollection()
	c.ExtraMembers = map[string]any{"name": x.Name, "scenario": x.ID, "base_at": x.Answer.BaseAt.Format(time.RFC3339), "passages_shut": d.Shut}
	for _, l := range d.Lanes {
		from, a := where[l.From]
		to, b := where[l.To]
		if !a {
			from, a = s.gazetteer(l.From)
		}
		if !b {
			to, b = s.gazetteer(l.To)
		}
		if !a || !b {
			continue
		}
		f := geojson.NewFeature(line(from, to, l.Mode))
		f.Properties = geojson.Properties{"from": l.From, "to": l.To, "from_name": name("place", l.From), "to_name": name("place", l.To), "mode": l.Mode}
		for key, p := range map[string]*scenario.Pair{"departures": &l.Departures, "room_m3": &l.RoomM3, "hours": &l.Hours, "price": &l.Price, "m3": l.M3, "co2e_t": l.CO2eT} {
			if p != nil {
				f.Properties[key+"_before"], f.Properties[key+"_after"] = p.Before, p.After
			}
		}
		c.Append(f)
	}
	return c.MarshalJSON()
}

// gazetteer says where a place is that no event declared.
func (s *Server) gazetteer(id string) (orb.Point, bool) {
	p, ok := s.cfg.Place(id)
	return p.Point, ok
}
