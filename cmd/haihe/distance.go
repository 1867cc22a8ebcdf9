package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/spf13/cobra"

	"haihe/geo"
	"haihe/planner"
)

const kmPerNm = 1.852

func distanceCommand() *cobra.Command {
	var closed, open []string
	var asGeoJSON bool
	var speed float64
	var pairs, class string
	cmd := &cobra.Command{
		Use:   "distance [flags] FROM TO",
		Short: "Measure the way by sea or air between two places",
		Long: `Tells how far it is from one place to another by sea, how long a ship takes and which straits
and canals it passes; between two airports, by air. A place is a UN/LOCODE (CNTXG), the IATA
code of an airport (TSN), or a position as lon,lat in degrees (117.7,38.98). Before a position
that begins with a minus stands --.

--closed shuts passages: suez, panama, malacca and so on (one that does not exist names all).
The Arctic passages, and those too shallow for large ships, are taken only with --open.

--class is the kind of ship or aircraft for the estimate of CO2e, container-8000 or long-haul
for example (one that does not exist names all); without it an average container ship, and the
flight that goes with the distance.

--pairs reads a CSV file with the columns from, from_lon, from_lat, to, to_lon, to_lat, and
writes its rows with the column haihe_nm: the nautical miles by sea. Rows that cannot be read
stay, with that column empty; the standard error says which and why, and the exit code is 1.`,
		Example: `  haihe distance CNTXG NLRTM
  haihe distance CNTXG NLRTM --closed suez,panama --speed 16
  haihe distance CNTXG USLAX --class container-8000
  haihe distance CNTXG USNYC --geojson > way.geojson
  haihe distance --pairs distances.csv > with-ours.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if pairs != "" {
				return exactArgs()(cmd, args)
			}
			return exactArgs("FROM", "TO")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(speed > 0) || math.IsInf(speed, 1) {
				return misused("--speed must be a number of knots above 0")
			}
			route, err := geo.NewRouterWith(geo.Options{Closed: closed, Open: open})
			if err != nil {
				return misused("%w", err)
			}
			if pairs != "" {
				if asGeoJSON || class != "" {
					return misused("--geojson and --class go with FROM and TO, not with --pairs")
				}
				return distancePairs(cmd, route, pairs)
			}
			from, err := spotOf(args[0])
			if err != nil {
				return misused("FROM: %w", err)
			}
			to, err := spotOf(args[1])
			if err != nil {
				return misused("TO: %w", err)
			}
			mode := geo.Sea
			if from.airport || to.airport {
				if from.port || to.port {
					return misused("%s is an airport and the other a seaport: give two of a kind", map[bool]string{true: args[0], false: args[1]}[from.airport])
				}
				mode = geo.Air
			}
			if _, err := planner.CO2eClassFor(mode, class, 0); err != nil {
				return misused("--class: %s", strings.TrimPrefix(err.Error(), "planner: "))
			}
			r, err := route(from.at, to.at, mode)
			if err != nil {
				return err
			}
			carrier, err := planner.CO2eClassFor(mode, class, r.DistanceKm)
			if err != nil {
				return err
			}
			if asGeoJSON {
				f := r.Feature()
				f.Properties["from"], f.Properties["to"], f.Properties["mode"] = args[0], args[1], mode
				f.Properties["distance_nm"] = math.Round(r.DistanceKm/kmPerNm*10) / 10
				f.Properties["co2e_class"], f.Properties["co2e_kg_per_t"] = carrier.ID, math.Round(carrier.KgPerT(r.DistanceKm)*10)/10
				raw, err := json.Marshal(f)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", raw)
				return err
			}
			return tellDistance(cmd.OutOrStdout(), from, to, r, mode, speed, carrier)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&closed, "closed", nil, "passages that are shut, with commas between")
	f.StringSliceVar(&open, "open", nil, "passages taken although ships do not take them unasked")
	f.BoolVar(&asGeoJSON, "geojson", false, "write the way as a GeoJSON feature")
	f.Float64Var(&speed, "speed", 14, "the ship's speed in knots")
	f.StringVar(&class, "class", "", "the kind of ship or aircraft, for CO2e")
	f.StringVar(&pairs, "pairs", "", "measure the pairs of a CSV file; - is the standard input")
	return cmd
}

// spot is a place as the command line names it.
type spot struct {
	at            orb.Point
	name          string
	port, airport bool
}

func spotOf(s string) (spot, error) {
	if lon, lat, ok := strings.Cut(s, ","); ok {
		x, errX := strconv.ParseFloat(strings.TrimSpace(lon), 64)
		y, errY := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		if errX != nil || errY != nil {
			return spot{}, fmt.Errorf("%q is no position: want lon,lat in degrees, as 117.7,38.98", s)
		}
		p := orb.Point{x, y}
		if err := geo.Valid(p); err != nil {
			return spot{}, fmt.Errorf("%q is no position: %w", s, err)
		}
		return spot{at: p, name: s}, nil
	}
	p, ok := geo.PlaceByCode(strings.ToUpper(s))
	if !ok {
		return spot{}, fmt.Errorf("%q is no code of a seaport or airport here; a position is lon,lat, as 117.7,38.98", s)
	}
	return spot{at: p.Point, name: p.Code + " " + p.NameEN + " " + p.NameZH, port: p.Kind == geo.Seaport, airport: p.Kind == geo.Airport}, nil
}

func tellDistance(w io.Writer, from, to spot, r geo.Route, mode string, speed float64, carrier planner.CO2eClass) error {
	nm := r.DistanceKm / kmPerNm
	text := fmt.Sprintf("%s → %s\n%.0f nm, %.0f km by %s\n", from.name, to.name, nm, r.DistanceKm, mode)
	if mode == geo.Sea {
		took := time.Duration(nm / speed * float64(time.Hour))
		text += fmt.Sprintf("%d d %d h at %g kn\n", int(took.Hours())/24, int(took.Hours())%24, speed)
	}
	if len(r.Via) > 0 {
		var names []string
		for _, id := range r.Via {
			p, _ := geo.PassageByID(id)
			names = append(names, fmt.Sprintf("%s %s (%s)", p.NameEN, p.NameZH, id))
		}
		text += fmt.Sprintf("by %s\n", strings.Join(names, ", "))
	}
	text += fmt.Sprintf("%.0f kg CO2e a tonne, well to wheel: %s %s (%s; UK factors %d)\n",
		carrier.KgPerT(r.DistanceKm), carrier.NameEN, carrier.NameZH, carrier.ID, carrier.Year)
	_, err := io.WriteString(w, text)
	return err
}

func distancePairs(cmd *cobra.Command, route geo.Router, file string) error {
	in := cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	failed, err := measurePairs(in, cmd.OutOrStdout(), cmd.ErrOrStderr(), route)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if failed > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "haihe: %s: %d rows have no distance\n", file, failed)
		return errVerdict
	}
	return nil
}
