package streams

import (
	"strings"
	"time"

	"haihe/planner"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// sampleFacts returns one good fact of each type, in the order of planner.FactTypes.
func sampleFacts() []planner.Fact {
	rate := planner.Rate{Per: planner.PerM3, Amount: 42.5, KgPerM3: 1000}
	leg := planner.Assignment{
		Request: "R-1", Fraction: 0.25, Departures: []string{"S01W02/1", "S01W02/2"}, Gateway: "USLAX",
		Warehouse: "WH-LA-1", Arrive: noon.AddDate(0, 0, 20), Cost: 1234.5,
	}
	from, until := noon.AddDate(0, 0, 2), noon.AddDate(0, 0, 9)
	return []planner.Fact{
		&planner.PlaceDeclared{Place: planner.Place{ID: "CNTXG", Name: "天津新港", Kind: "seaport", Country: "CN", Lat: 38.98, Lon: 117.7, TransferHours: 24, TransferCostM3: 5}},
		&planner.DepartureScheduled{Departure: planner.Departure{
			ID: "S01W02/1", Mode: planner.ModeSea, Carrier: "bohai-ocean", Voyage: "S01W02", From: "CNTXG", To: "USLAX",
			Cutoff: noon, Depart: noon.Add(24 * time.Hour), Arrive: noon.AddDate(0, 0, 16), CapacityM3: 8000, CapacityKg: 6e6,
			Rate: rate, CO2eKgPerT: 180, Classes: []string{"general", "battery"},
		}, Vessel: "Bohai Star"},
		&planner.DepartureDelayed{Departure: "S01W02/1", Mode: planner.ModeSea, DelayHours: 6.5, Reason: "typhoon"},
		&planner.DepartureCancelled{Departure: "S01W02/1", Mode: planner.ModeSea, Reason: "blanked"},
		&planner.DepartureReinstated{Departure: "S01W02/1", Mode: planner.ModeSea},
		&planner.DepartureCapacityChanged{Departure: "F7/3", Mode: planner.ModeAir, CapacityM3: 90, CapacityKg: 23000},
		&planner.DepartureRateChanged{Departure: "F7/3", Mode: planner.ModeAir, Rate: planner.Rate{Per: planner.PerKg, Amount: 4.1, KgPerM3: 166.67}},
		&planner.PassageClosed{Passage: "suez", Reason: "ship aground", From: &from, Until: &until},
		&planner.PassageReopened{Passage: "suez"},
		&planner.PositionReported{Departure: "S01W02/1", Mode: planner.ModeSea, Lat: 30.5, Lon: -150.25, SpeedKnots: 18.4, CourseDeg: 92, At: noon},
		&planner.WarehouseRegistered{Warehouse: planner.Warehouse{
			ID: "WH-LA-1", Operator: "jinmao", Country: "US", Lat: 33.9, Lon: -118.2, CapacityM3: planner.PerDay{1000, 1100.5, 1200},
			Classes: []string{"general"}, InboundM3: 9, StorageM3Day: 0.45,
			Gateways: []planner.Gateway{{Place: "USLAX", Hours: 30, RateM3: 14}}, Markets: []planner.Market{{ID: "US-W", Hours: 48, RateM3: 60}},
		}, Name: "Jinmao Los Angeles", AreaM2: 9000, Public: true, From: "2027-03-01"},
		&planner.OccupancyReported{Warehouse: "WH-LA-1", FreeM3: planner.PerDay{640}},
		&planner.WarehouseClosed{Warehouse: "WH-LA-1", Reason: "flood"},
		&planner.WarehouseReopened{Warehouse: "WH-LA-1"},
		&planner.RequestSubmitted{Request: planner.Request{
			ID: "R-1", Exporter: "cuihuangkou-carpet", Origin: "CNTXG", Market: "US-W", Class: "general", VolumeM3: 33, WeightKg: 9900,
			Ready: noon, Due: noon.AddDate(0, 0, 40), StorageDays: 30, Drawdown: planner.DrawdownLinear, Modes: []string{planner.ModeSea},
			Value: 9000, TimeCostM3Day: 0.4, CO2ePriceT: 20,
		}, Goods: "地毯", HSCode: "570500", First: strings.Repeat("0a", 16)},
		&planner.RequestWithdrawn{Request: "R-1"},
		&planner.BookingConfirmed{Booking: "B-1", Request: "R-1", Exporter: "cuihuangkou-carpet", VolumeM3: 33, WeightKg: 9900, StorageDays: 30, Drawdown: planner.DrawdownLinear, Parts: []planner.Assignment{leg}},
		&planner.BookingCancelled{Booking: "B-1", Reason: "buyer withdrew"},
		sampleEntries()[1],
	}
}

// sampleEntries are the first entries of a ledger: an epoch, and a hold in it.
func sampleEntries() []*planner.LedgerEntry {
	s := planner.NewState()
	epoch := s.Draft(planner.Rules{}).Begin("haihe-1", "", noon)
	until := noon.Add(time.Hour)
	hold := &planner.LedgerEntry{Seq: 2, Epoch: 1, Prev: epoch.Hash(), Time: noon, Kind: planner.EntryBookingHeld, Command: "c-1",
		Digest: "d", Booking: "B-2", Expires: &until, Terms: &planner.BookingConfirmed{Booking: "B-2", Request: "R-1", Exporter: "cuihuangkou-carpet",
			VolumeM3: 33, WeightKg: 9900, StorageDays: 30, Drawdown: planner.DrawdownLinear, Parts: []planner.Assignment{{Request: "R-1", Fraction: 1,
				Departures: []string{"S01W02/1"}, Gateway: "USLAX", Warehouse: "WH-LA-1", Arrive: noon.AddDate(0, 0, 20), Cost: 5000}}},
		Rooms: []planner.Room{{Departure: "S01W02/1", M3: 8000, Kg: 6e6, Said: []string{"e-1"}},
			{Warehouse: "WH-LA-1", From: "2027-03-21", FreeM3: planner.PerDay{640}, Said: []string{"e-2", "e-3"}}}}
	hold.Seal()
	return []*planner.LedgerEntry{epoch, hold}
}

func eventOf(f planner.Fact, sequence uint64) planner.Event {
	return planner.Event{ID: "e-" + f.Key().String(), Source: "/firms/bohai-ocean", Sequence: sequence, Time: noon, Fact: f}
}
