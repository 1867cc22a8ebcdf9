package targets

import "time"

// Day is what a warehouse had free on a day, by its operator's last report up to then.
type Day struct {
	Date   string  `json:"date"`
	RoomM3 float64 `json:"room_m3" doc:"As registered"`
	FreeM3 float64 `json:"free_m3" doc:"As reported; as registered before the first report"`
}

// Days returns the days of a warehouse between two times, from its registration on.
func (h *History) Days(warehouse string, from, to time.Time) []Day {
	h.mu.Lock()
	defer h.mu.Unlock()
	days := []Day{}
	for t := from.Truncate(day); !t.After(to); t = t.Add(day) {
		end := t.Add(day - time.Nanosecond)
		r := at(h.registrations[warehouse], end)
		if r == nil {
			continue
		}
		d := Day{Date: t.Format(time.DateOnly), RoomM3: roomOf(r.fact)}
		d.FreeM3 = d.RoomM3
		if x := reported(h.reports[warehouse], end); x != nil {
			d.FreeM3 = x.free
		}
		days = append(days, d)
	}
	return days
}
