// Package sample makes a sample of Tianjin's network as it could stand in 2027: places, dated sailings and flights,
// overseas warehouses, exporters and what they ask for, as the events that the firms and exporters would have
// published. Ports, airports, distances, goods and policy targets are real; carriers, firms, exporters, timetables,
// rates and requests are made up. Nobody may take it for data.
//
//	sample.go      Events, and the order in which things are said
//	orgs.go        who signs in: firms, exporters, the commission
//	voyages.go     dated legs: distances, times, room, tariff, CO2e
//	sea.go         weekly services and feeders (services.csv), late and blanked sailings
//	air.go         freighter flights (flights.csv)
//	warehouses.go  70 firms and 600,000 m2 (sites.csv, markets.csv)
//	exporters.go   300 exporters by industry (goods.csv)
//	requests.go    what they ask for
//	transit.go     how long the way to a market takes, to set dates that can be met
//	tables.go      the tables
//	words.go       words that the invented names are made of
//
// Events depend on the seed and the UTC day alone. Schedules reach back so far that ships are at sea and aircraft in
// the air on that day, and ahead for SeaWeeks and AirWeeks; package feed rolls them forward.
//
// # Sources
//
// Figures stand beside the constants and in the heads of the tables. In short: overseas-warehouse targets (70 firms,
// 600,000 m2 by 2027) from Tianjin's plan for cross-border commerce of November 2024, item 14; CO2e per tonne-km from
// the UK government's conversion factors 2025 (DEFRA), direct and well-to-tank; chargeable weight of 166.67 kg/m3 from
// the IATA divisor 6000; freighter payloads of the Boeing 737-800F from news of Tianjin's routes, of wide bodies from
// their makers' usual figures, rounded; on-time shares from Sea-Intelligence 2025 (65 % on time, late ones 4.9 days).
package sample
