package measure

// nominals are the probabilities at which calibration is measured.
var nominals = [3]float64{1e-2, 1e-3, 1e-4}

// leastExpected is the number of expected exceedances from which a rate is worth comparing.
const leastExpected = 10

// unit is a series, or a block of series, whose exceedances are counted together.
type unit struct{ series, points, exceedances int }

// enough is whether the unit stands for itself at nominal p: points·p >= leastExpected.
func (u unit) enough(p float64) bool { return float64(u.points)*p >= leastExpected }

// within is whether the observed rate lies within a factor two of p: p/2 <= exceedances/points <= 2p.
func (u unit) within(p float64) bool {
	expected := float64(u.points) * p
	return 2*float64(u.exceedances) >= expected && float64(u.exceedances) <= 2*expected
}

// Calibrate compares, for each nominal p, the share of unlabelled measured points with P <= p with p, over the series that claim a P. A series
// with at least 10 expected exceedances is a unit; the others are pooled in their order into blocks that reach as many, and what is left at the
// end joins the last block. All measured points of a series without labels count as unlabelled: whatever incidents it holds are then counted as
// exceedances, so such a rate lies above that of quiet operation. It is empty if no series claims a P. The series must pass Check; with another
// From it also serves for the points before the measured ones.
func Calibrate(series []Series) []Calibration {
	all := make([]Calibration, 0, len(nominals))
	for _, p := range nominals {
		units := make([]unit, 0, len(series))
		for i := range series {
			if series[i].P != nil {
				units = append(units, series[i].exceedances(p))
			}
		}
		if len(units) > 0 {
			all = append(all, calibrate(units, p))
		}
	}
	return all
}

// exceedances counts the series' unlabelled measured points and those with P <= p.
func (s *Series) exceedances(p float64) unit {
	u := unit{series: 1}
	for i := s.From; i < len(s.Score); i++ {
		if !s.measured(i) || s.labelled(i) {
			continue
		}
		u.points++
		if s.P[i] <= p {
			u.exceedances++
		}
	}
	return u
}

// calibrate judges the units after pooling those that are too small.
func calibrate(single []unit, p float64) Calibration {
	c := Calibration{Nominal: p}
	whole, blocks, rest := pool(single, p)
	c.LeftOut = rest.series
	c.Units, c.Blocks = len(whole)+len(blocks), len(blocks)
	for _, u := range append(whole, blocks...) {
		if u.within(p) {
			c.Within++
		}
	}
	for _, u := range single {
		c.Points += u.points
		c.Exceedances += u.exceedances
	}
	c.Share = ratio(float64(c.Within), float64(c.Units))
	c.Rate = ratio(float64(c.Exceedances), float64(c.Points))
	return c
}

// pool parts the units into those that stand for themselves and blocks of the others; rest is what fills no block.
func pool(single []unit, p float64) (whole, blocks []unit, rest unit) {
	for _, u := range single {
		if u.enough(p) {
			whole = append(whole, u)
			continue
		}
		rest = rest.plus(u)
		if rest.enough(p) {
			blocks, rest = append(blocks, rest), unit{}
		}
	}
	if n := len(blocks); n > 0 {
		blocks[n-1], rest = blocks[n-1].plus(rest), unit{}
	}
	return whole, blocks, rest
}

func (u unit) plus(v unit) unit {
	return unit{u.series + v.series, u.points + v.points, u.exceedances + v.exceedances}
}
