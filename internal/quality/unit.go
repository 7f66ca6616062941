package quality

import (
	"fmt"
	"math"
)

// factors are what changes of unit multiply or divide by: bits and bytes, ratio and percent, milli and kilo, micro and mega, nano
// and giga. The second of a pair is its binary neighbour, from which noise may not tell it.
var factors = [...][2]float64{{8, 8}, {100, 100}, {1000, 1 << 10}, {1e6, 1 << 20}, {1e9, 1 << 30}}

const (
	departs      = 1.386                       // ln 4: a smaller change is no change of unit
	awayAtMost   = 15                          // columns in which a changed series must have come to rest: a rate over 5m takes a while
	sureAfter    = 3                           // columns for which a factor must hold
	doubtAtMost  = 4                           // columns for which values are withheld before it is sure
	doubtLarge   = 12                          // the same for a factor of 100 or more on several series: hardly anything else is that
	exact        = 0.02                        // how far the mean factor may be from the exact one, as a ratio
	exactAlone   = 0.01                        // where there are fewer than several series
	several      = 3                           // series that must agree, where the detector has them
	fewestFactor = 4.6                         // ln 100, less rounding: the least that counts where there are fewer
	levelNoise   = levelRate / (2 - levelRate) // variance of a smoothed level, in that of a value
	nearWithin   = 4                           // standard deviations that one series' factor may be off: the mean of all must be exact
	agreeFrom    = 0.8                         // share of the series that must agree
	noisiest     = 0.08                        // standard error of the mean factor above which nothing is withheld
)

// unit follows one series' distance from its level. A series is away where its values have left it for good or for bad, and
// changed where the distance was found to be a change of unit.
type unit struct {
	sum    float64 // of the distances in k columns
	at     int64   // grid time of the change; 0: it has not changed
	away   int8    // columns since it left its level; 0: it has not
	factor int8    // the nearest factor, as in signedLog; 0: none
	k      int8    // columns for which that has been so
	doubt  bool    // values are withheld, and it is not sure yet
}

// signedLog is the logarithm of a factor: i counts from 1, and is negative where values are divided.
func signedLog(i int8) float64 {
	switch {
	case i > 0:
		return math.Log(factors[i-1][0])
	case i < 0:
		return -math.Log(factors[-i-1][0])
	}
	return 0
}

// closer is the one of a pair of factors that is closer to the logarithm r, as a factor above 1, and how far r is from it.
func closer(i int8, r float64) (factor, off float64) {
	pair := factors[max(i, -i)-1]
	a, b := math.Abs(math.Abs(r)-math.Log(pair[0])), math.Abs(math.Abs(r)-math.Log(pair[1]))
	if a <= b {
		return pair[0], a
	}
	return pair[1], b
}

func nearestFactor(r float64) int8 {
	best, dist := int8(0), math.Inf(1)
	for i := int8(1); i <= int8(len(factors)); i++ {
		if _, d := closer(i, r); d < dist {
			best, dist = i, d
		}
	}
	if r < 0 {
		return -best
	}
	return best
}

// units finds series whose values were multiplied by what a change of unit is: the same exact factor, at the same time, on
// several series together (the whole detector, or all that one target has), and lasting. A fault of the service that changes
// everything by a factor of 9.7 is none; nor is a ratio that has come to rest at 1 or a percentage at 100.
func (m *Monitor) units(t int64, ms []Member) {
	candidates := 0
	for i := range ms {
		s, x := ms[i].S, ms[i].X
		if !ms[i].present() || s.storms() {
			continue
		}
		l, ok := logOf(x)
		if s.unit().at != 0 {
			m.follow(t, s, x, l, ok)
		}
		if s.unit().at == 0 && s.strays(x, l, ok) {
			candidates++
		}
	}
	if candidates == 0 {
		return
	}
	m.eachScope(ms, hasUnit, func(of []int) bool { return m.changed(t, ms, of) })
}

// hasUnit reports whether the member's value says something about its unit.
func hasUnit(m *Member) bool {
	return m.present() && !m.S.storms() && m.S.n >= mature && m.X != 0 && m.S.sameSign(m.X)
}

// strays keeps the distance of a value from its level and reports whether it is about that of a change of unit.
func (s *Series) strays(x, l float64, ok bool) bool {
	r := l - s.level - s.trend
	if !ok || s.n < mature || !s.sameSign(x) || math.Abs(r) < max(departs, 6*s.sd()) {
		s.forgetUnit()
		return false
	}
	u := &s.rarely().unit
	u.doubt = false
	u.away++
	if u.away > awayAtMost {
		*u = unit{}
		s.level, s.trend = l, 0
		return false
	}
	s.level += s.trend
	if f := nearestFactor(r); f != u.factor || math.Abs(u.sum/float64(u.k)-r) > 3*s.sd()+exact {
		u.factor, u.k, u.sum = f, 0, 0
	}
	u.k++
	u.sum += r
	return s.near() && !saturated(x)
}

// near reports whether the mean distance is that of a change of unit, as far as the series' noise can tell.
func (s *Series) near() bool {
	u := s.unit()
	if u.k == 0 {
		return false
	}
	_, off := closer(u.factor, u.sum/float64(u.k))
	return off <= nearWithin*s.sd()*math.Sqrt(1/float64(u.k)+levelNoise)+exact/10
}

// saturated reports whether x is where ratios and percentages end.
func saturated(x float64) bool { return math.Abs(x-1) < 1e-3 || math.Abs(x-100) < 0.1 }

// changed decides on the members of a scope, whose indices are of; true if they have changed their unit, or may have.
func (m *Monitor) changed(t int64, ms []Member, of []int) bool {
	factor := int8(0)
	for _, i := range of {
		if u := ms[i].S.unit(); u.at == 0 && u.away > 0 && ms[i].S.near() {
			factor = u.factor
			break
		}
	}
	if factor == 0 {
		return false
	}
	var agree []int
	sum, variance, k := 0.0, 0.0, int8(math.MaxInt8)
	for _, i := range of {
		s := ms[i].S
		if u := s.unit(); u.at == 0 && u.away > 0 && u.factor == factor && s.near() && !saturated(ms[i].X) {
			agree, k = append(agree, i), min(k, u.k)
			sum += u.sum / float64(u.k)
			variance += s.sd() * s.sd() * (1/float64(u.k) + levelNoise)
		}
	}
	n := float64(len(agree))
	limit, patience := exact, int8(doubtAtMost)
	if math.Abs(signedLog(factor)) >= fewestFactor {
		patience = doubtLarge
	}
	if len(agree) < several {
		if len(agree) < len(of) || math.Abs(signedLog(factor)) < fewestFactor {
			return false
		}
		limit, patience = exactAlone, doubtAtMost
	}
	if n < agreeFrom*float64(len(of)) {
		return false
	}
	se := math.Sqrt(variance) / n
	near, off := closer(factor, sum/n)
	if off > 2*se+exact/10 || se > noisiest {
		return false
	}
	sure := k >= sureAfter && se <= limit/2 && off <= limit
	if !sure && k > patience {
		return false
	}
	for _, i := range agree {
		u := &ms[i].S.rarely().unit
		u.doubt = !sure
		if sure {
			u.at = t - int64(u.k-1)*m.expect.step()
		}
	}
	if sure {
		m.say(UnitJump, fmt.Sprintf("values are %s what they were: %s on average", factorText(near, factor < 0), ratioText(sum/n)))
	}
	return true
}

// factorText is "1000 times" or "1/8 of".
func factorText(f float64, divided bool) string {
	if divided {
		return fmt.Sprintf("1/%g of", f)
	}
	return fmt.Sprintf("%g times", f)
}

func ratioText(r float64) string {
	if r < 0 {
		return fmt.Sprintf("divided by %.4g", math.Exp(-r))
	}
	return fmt.Sprintf("multiplied by %.4g", math.Exp(r))
}

// follow keeps a changed series changed while its values, in the unit that is known, go on as they would have. If they leap
// again the verdict is over, whether they are back or somewhere else: that is for the alarm to judge.
func (m *Monitor) follow(t int64, s *Series, x, l float64, ok bool) {
	u := &s.rarely().unit
	if t-u.at >= m.expect.Accept.Milliseconds() {
		*u, s.reset = unit{}, true
		if ok {
			s.level, s.trend = l, 0
		}
		return
	}
	if !ok || !s.sameSign(x) || math.Abs(l-signedLog(u.factor)-s.level-s.trend) > max(departs/2, 8*s.sd()) {
		*u = unit{}
	}
}
