package optimize

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"haihe/planner"
)

// The closed form of a tariff is the sum day by day, and no stay costs less than its least rate.
func TestTariffIsTheSumDayByDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0, 5)
		w := &planner.Warehouse{StorageM3Day: rate.Draw(t, "rate"), FreeDays: rapid.IntRange(0, 40).Draw(t, "free")}
		from := 0
		for range rapid.IntRange(0, 5).Draw(t, "tiers") {
			from += rapid.IntRange(1, 30).Draw(t, "from")
			w.StorageTiers = append(w.StorageTiers, planner.StorageTier{FromDay: from, M3Day: rate.Draw(t, "tier")})
		}
		r := &planner.Request{VolumeM3: 2, StorageDays: rapid.IntRange(0, 120).Draw(t, "stay"), Drawdown: planner.DrawdownNone}
		x := request{volume: 2, stay: r.StorageDays}
		if rapid.Bool().Draw(t, "linear") && r.StorageDays > 0 {
			r.Drawdown, x.inverseStay = planner.DrawdownLinear, 1/float64(r.StorageDays)
		}
		x.storageFactor = 2 * r.M3Days()
		tariff := newTariff(w)
		cost := tariff.of(&x)
		require.InDelta(t, 2*r.StorageM3(w), cost, 1e-9*(1+cost))
		require.GreaterOrEqual(t, cost, x.storageFactor*tariff.least-1e-9*(1+cost))
		part := x.part(0.25)
		require.InDelta(t, cost/4, tariff.of(&part), 1e-9*(1+cost))
	})
}
