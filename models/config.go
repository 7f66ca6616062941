package models

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// The seasons that the baseline knows.
const (
	hourly = time.Hour
	daily  = 24 * time.Hour
	weekly = 7 * daily
)

// settings are a Config made ready for use: spans are counted in points. Many models share them.
type settings struct {
	step        int64 // milliseconds
	clock       clock
	lo, hi      float64
	on          channels
	counted     tailSet // what is calibrated where a forest is there
	shapes      bool
	seed        uint64
	acceptAfter int64 // milliseconds
	hour        seasonMode
	day         seasonMode
	week        seasonMode

	warmPoints   int // buffered before the first estimate
	levelPoints  int // ready: level
	dayPoints    int // ready: daily profile
	weekPoints   int // ready: weekly profile, counted from the first point
	hourPoints   int // ready: profile within the hour
	slowPoints   int // the slow channels wait until a whole day was seen
	calmRun      int // an episode of quarantine ends after so many calm points
	tailMemory   float64
	record       recordSpan // of residuals
	leaps        recordSpan
	scaleMemory  float64
	rateFree     float64 // learning rate of the level without a season
	rateDay      float64
	rateWeek     float64
	rateRegime   float64 // of the mean of what is kept aside
	interpolates bool
}

// seasonMode says whether a season may be used.
type seasonMode uint8

const (
	seasonOff  seasonMode = iota
	seasonAuto            // used while it lowers the loss
	seasonOn              // always used once it is ready
)

const (
	defaultAcceptAfter = 48 * time.Hour
	rememberFor        = 14 * daily
	// hugeValue bounds what enters the arithmetic, so that squares and single-precision state stay finite.
	hugeValue = 1e30
)

// rowSettings are the settings of rows that judge by the channels on.
func rowSettings(c Config, on channels) (*settings, error) {
	s, err := newSettings(c)
	if err != nil {
		return nil, err
	}
	s.on, s.counted = on, countedTails(on)
	return s, nil
}

// newSettings checks c and derives the spans.
func newSettings(c Config) (*settings, error) {
	if err := checkConfig(c); err != nil {
		return nil, err
	}
	s := &settings{step: c.Step.Milliseconds(), lo: c.Min, hi: c.Max, shapes: c.Shapes, seed: c.Seed, acceptAfter: c.AcceptAfter.Milliseconds()}
	if c.Min == 0 && c.Max == 0 { // the zero Config is open on both sides
		s.lo, s.hi = math.Inf(-1), math.Inf(1)
	}
	if s.acceptAfter == 0 {
		s.acceptAfter = defaultAcceptAfter.Milliseconds()
	}
	s.hour, s.day, s.week = mode(c, hourly), mode(c, daily), mode(c, weekly)
	if s.week == seasonOn {
		s.day = seasonOn // the week is a deviation from the day
	}
	if s.step > fiveMinutes {
		s.hour = seasonOff // too coarse to have a shape within the hour
	}
	if s.step > daily.Milliseconds()/4 {
		s.day, s.week = seasonOff, seasonOff
	}
	s.interpolates = s.step <= hourly.Milliseconds()/3
	s.clock.init(c.Location, s.step, s.interpolates)
	s.spans(c.Step)
	return s, nil
}

func checkConfig(c Config) error {
	if c.Rows < 1 {
		return fmt.Errorf("model %q: rows is %d, want at least 1", c.Kind, c.Rows)
	}
	if c.Step < time.Second || c.Step%time.Millisecond != 0 {
		return fmt.Errorf("model %q: step is %s, want at least 1s in whole milliseconds", c.Kind, c.Step)
	}
	if math.IsNaN(c.Min) || math.IsNaN(c.Max) || c.Min > c.Max {
		return fmt.Errorf("model %q: range is [%g, %g], want min <= max", c.Kind, c.Min, c.Max)
	}
	if c.AcceptAfter < 0 {
		return fmt.Errorf("model %q: accept_after is %s, want 0 (48h) or more", c.Kind, c.AcceptAfter)
	}
	if c.Transform != Identity && registry[c.Kind].Joint {
		return fmt.Errorf("model %q: a scale is chosen for single series only", c.Kind)
	}
	if spec := registry[c.Kind]; c.Shapes && (spec.Joint || spec.Dim == 0) {
		return fmt.Errorf("model %q: it has no channel for shapes; combined and isolation have", c.Kind)
	}
	for _, s := range c.Seasons {
		if s != hourly && s != daily && s != weekly {
			return fmt.Errorf("model %q: season %s is not known, want 1h, 1d or 1w", c.Kind, s)
		}
	}
	return nil
}

func mode(c Config, season time.Duration) seasonMode {
	switch {
	case c.Seasons == nil:
		return seasonAuto
	case slices.Contains(c.Seasons, season):
		return seasonOn
	}
	return seasonOff
}

func (s *settings) spans(step time.Duration) {
	points := func(d time.Duration, lo, hi int) int { return min(max(int(d/step), lo), hi) }
	s.warmPoints = points(3*time.Hour, 24, 48)
	s.levelPoints = points(6*time.Hour, 36, 1<<30)
	s.slowPoints = points(daily, 72, 1<<30)
	s.hourPoints = points(12*time.Hour, 72, 1<<30)
	s.dayPoints = points(2*daily, 48, 1<<30)
	s.weekPoints = points(14*daily, 48, 1<<30)
	s.calmRun = points(time.Hour, 8, 60)
	s.tailMemory = float64(points(56*daily, 4096, 16384))
	s.record, s.leaps = residualSpan(s.tailMemory), leapSpan(s.tailMemory)
	s.scaleMemory = float64(points(7*daily, 1024, 4096))
	s.rateFree = 1 / float64(points(12*time.Hour, 48, 4320))
	s.rateDay = 1 / float64(points(daily, 64, 4320))
	s.rateWeek = 1 / float64(points(3*daily, 96, 4320))
	s.rateRegime = 1 / float64(points(6*time.Hour, 12, 720))
}
