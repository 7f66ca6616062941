package baseline

import (
	"math"

	"github.com/tidewatch/tidewatch/models"
)

var threeSigmaSpec = univariate("3sigma", "Distance from the mean of the last day in its standard deviations.",
	func(c models.Config, _ int) (judge, int) {
		return &threeSigma{window: newWindow(points(c, day))}, warmUp(c)
	})

type threeSigma struct {
	window window
	floor  floor
}

func (s *threeSigma) score(_ int64, x float64) float64 {
	m := s.window.moments()
	if m.n == 0 { // the window is one gap
		return 0
	}
	return ratio(math.Abs(x-m.mean), s.floor.under(m.sd()))
}

func (s *threeSigma) learn(_ int64, x float64) {
	s.window.push(x)
	s.floor.learn(s.window.moments().sd())
}
