// Command build makes geo/sea.chart, the network that geo sails by, from the coastline of Natural Earth 1:50m (public
// domain; land-50m.json of the npm package world-atlas) and the tables of channels, passages and shoals in geo.
//
//	go run ./geo/internal/build -land web/app/node_modules/world-atlas/land-50m.json
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"haihe/geo/internal/chart"
	"haihe/geo/internal/topojson"
)

func main() {
	log.SetFlags(0)
	land := flag.String("land", "web/app/node_modules/world-atlas/land-50m.json", "the coastline, as TopoJSON")
	dir := flag.String("geo", "geo", "the folder of the tables, where sea.chart is written")
	flag.Parse()
	if err := run(*land, *dir); err != nil {
		log.Fatal("build: ", err)
	}
}

func run(landFile, dir string) error {
	begun := time.Now()
	raw, err := os.ReadFile(landFile)
	if err != nil {
		return fmt.Errorf("the coastline: %w (make sea fetches it)", err)
	}
	c := &chart.Chart{}
	if c.Land, c.LandStep, c.LandZero, err = topojson.ReadLand(raw); err != nil {
		return err
	}
	b := &builder{chart: c}
	tables := map[string][]byte{}
	for _, name := range []string{"channels.csv", "passages.csv", "shoals.csv"} {
		if tables[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if b.channels, err = chart.Channels(tables["channels.csv"]); err != nil {
		return err
	}
	passages, err := chart.Passages(tables["passages.csv"])
	if err != nil {
		return err
	}
	b.gates = chart.NewGates(passages)
	if c.Shoals, err = chart.Shoals(tables["shoals.csv"]); err != nil {
		return err
	}
	b.build()
	var out bytes.Buffer
	if err := c.Encode(&out); err != nil {
		return err
	}
	log.Printf("%d nodes, %d edges, %d bytes, %.0f s", len(c.Nodes), len(c.Edges), out.Len(), time.Since(begun).Seconds())
	return os.WriteFile(filepath.Join(dir, "sea.chart"), out.Bytes(), 0o644)
}
