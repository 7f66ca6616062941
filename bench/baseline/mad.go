package baseline

import (
	"math"

	"github.com/tidewatch/tidewatch/models"
)

var madSpec = univariate("mad", "Distance from the median of the last day in scaled median absolute deviations.",
	func(c models.Config, _ int) (judge, int) {
		n := points(c, day)
		return &mad{order: newSorted(n), window: newWindow(n)}, warmUp(c)
	})

// normalMAD makes the median absolute deviation of normal values their standard deviation: 1/Φ⁻¹(3/4).
const normalMAD = 1.482602218505602

// mad has the standard deviation for its floor: the median absolute deviation is 0 where more than half of the values are equal,
// which on counters of rare things is always.
type mad struct {
	order  sorted
	window window
	floor  floor
}

func (m *mad) score(_ int64, x float64) float64 {
	mid := m.order.median()
	if math.IsNaN(mid) { // the window is one gap
		return 0
	}
	return ratio(math.Abs(x-mid), m.floor.under(normalMAD*m.order.mad(mid)))
}

func (m *mad) learn(_ int64, x float64) {
	m.order.push(x)
	m.window.push(x)
	m.floor.learn(m.window.moments().sd())
}
