package baseline

import (
	"math"

	"github.com/tidewatch/tidewatch/models"
)

var madSpec = univariate("mad", "Distance from the median of the last day in scaled median absolute deviations.",
	func(c models.Config, _ int) (judge, int) {
		return &mad{window: newSorted(points(c, day))}, warmUp(c)
	})

// normalMAD makes the median absolute deviation of normal values their standard deviation: 1/Φ⁻¹(3/4).
const normalMAD = 1.482602218505602

type mad struct {
	window sorted
	all    moments
}

func (m *mad) score(_ int64, x float64) float64 {
	mid := m.window.median()
	if math.IsNaN(mid) { // the window is one gap
		return 0
	}
	return ratio(math.Abs(x-mid), floored(normalMAD*m.window.mad(mid), m.all))
}

func (m *mad) learn(_ int64, x float64) {
	m.window.push(x)
	m.all = m.all.add(x)
}
