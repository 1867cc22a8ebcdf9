package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-json-experiment/json"
)

// The fields of haihe.problem/1 that matter to the arithmetic.
type problem struct {
	Start  time.Time `json:"start"`
	Days   int       `json:"days"`
	Places []struct {
		ID             string  `json:"id"`
		TransferHours  float64 `json:"transfer_hours"`
		TransferCostM3 float64 `json:"transfer_cost_m3"`
	} `json:"places"`
	Departures []struct {
		ID         string    `json:"id"`
		Mode       string    `json:"mode"`
		Voyage     string    `json:"voyage"`
		From       string    `json:"from"`
		To         string    `json:"to"`
		Cutoff     time.Time `json:"cutoff"`
		Depart     time.Time `json:"depart"`
		Arrive     time.Time `json:"arrive"`
		CapacityM3 float64   `json:"capacity_m3"`
		CapacityKg float64   `json:"capacity_kg"`
		Rate       struct {
			Per     string  `json:"per"`
			Amount  float64 `json:"amount"`
			KgPerM3 float64 `json:"kg_per_m3"`
		} `json:"rate"`
		CO2eKgPerT float64  `json:"co2e_kg_per_t"`
		Classes    []string `json:"classes"`
	} `json:"departures"`
	Warehouses []struct {
		ID           string   `json:"id"`
		CapacityM3   perDay   `json:"capacity_m3"`
		Classes      []string `json:"classes"`
		InboundM3    float64  `json:"inbound_m3"`
		StorageM3Day float64  `json:"storage_m3_day"`
		Gateways     []struct {
			Place  string  `json:"place"`
			Hours  float64 `json:"hours"`
			RateM3 float64 `json:"rate_m3"`
		} `json:"gateways"`
		Markets []struct {
			ID     string  `json:"id"`
			RateM3 float64 `json:"rate_m3"`
		} `json:"markets"`
	} `json:"warehouses"`
	Requests []struct {
		ID            string    `json:"id"`
		Origin        string    `json:"origin"`
		Market        string    `json:"market"`
		Class         string    `json:"class"`
		VolumeM3      float64   `json:"volume_m3"`
		WeightKg      float64   `json:"weight_kg"`
		Ready         time.Time `json:"ready"`
		Due           time.Time `json:"due"`
		StorageDays   int       `json:"storage_days"`
		Drawdown      string    `json:"drawdown"`
		Modes         []string  `json:"modes"`
		Value         float64   `json:"value"`
		TimeCostM3Day float64   `json:"time_cost_m3_day"`
		CO2ePriceT    float64   `json:"co2e_price_t"`
	} `json:"requests"`
}

// perDay is one number, or one a day.
type perDay []float64

func (p *perDay) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]float64)(p))
	}
	*p = perDay{0}
	return json.Unmarshal(b, &(*p)[0])
}

func (p perDay) at(day int) float64 {
	if len(p) == 1 {
		return p[0]
	}
	return p[day]
}

func readProblem(path string) (*problem, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	p := &problem{}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// The plan, haihe.plan/1.
type plan struct {
	Version     string       `json:"version"`
	Status      string       `json:"status"`
	Objective   float64      `json:"objective"`
	Bound       float64      `json:"bound"`
	Gap         float64      `json:"gap"`
	Seconds     float64      `json:"seconds"`
	Assignments []assignment `json:"assignments"`
	Unmatched   []unmatched  `json:"unmatched"`
	Prices      struct {
		Departures []departurePrice `json:"departures"`
		Warehouses []warehousePrice `json:"warehouses"`
	} `json:"prices"`
}

type assignment struct {
	Request    string    `json:"request"`
	Fraction   float64   `json:"fraction"`
	Departures []string  `json:"departures"`
	Gateway    string    `json:"gateway"`
	Warehouse  string    `json:"warehouse"`
	Arrive     time.Time `json:"arrive"`
	Cost       float64   `json:"cost"`
}

type unmatched struct {
	Request  string  `json:"request"`
	Fraction float64 `json:"fraction"`
	Reason   struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"reason"`
}

type departurePrice struct {
	ID string  `json:"id"`
	M3 float64 `json:"m3"`
	Kg float64 `json:"kg"`
}

type warehousePrice struct {
	ID  string  `json:"id"`
	Day int     `json:"day"`
	M3  float64 `json:"m3"`
}

func writePlan(path string, p *plan) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}
