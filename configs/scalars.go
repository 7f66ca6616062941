package configs

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/models"
)

// duration is a duration in Prometheus's syntax: 30s, 1h30m, 15d, 1w.
type duration time.Duration

func (d *duration) parse(s string) error {
	v, err := model.ParseDuration(s)
	if err != nil {
		hint := "want a duration like 30s, 5m, 6h, 15d or 1w"
		if _, numErr := strconv.ParseFloat(s, 64); numErr == nil {
			hint = "want a duration with its unit, for example " + strings.TrimLeft(s, "+-") + "s"
		}
		return errors.New(hint)
	}
	*d = duration(v)
	return nil
}

// size is a number of bytes in Prometheus's units: 512MiB, 2GiB.
type size int64

func (z *size) parse(s string) error {
	const hint = "want a size like 512MiB, 2GiB or 1TiB"
	for i, unit := range []string{"MiB", "GiB", "TiB"} {
		if digits, ok := strings.CutSuffix(s, unit); ok {
			n, err := strconv.ParseUint(digits, 10, 20)
			if err != nil {
				return errors.New(hint)
			}
			*z = size(n << (20 + 10*i))
			return nil
		}
	}
	return errors.New(hint)
}

// timezone is an IANA time zone name.
type timezone struct{ loc *time.Location }

func (z *timezone) parse(s string) error {
	if s == "" || s == "Local" {
		return errors.New("want an IANA name like Europe/Berlin or UTC")
	}
	loc, err := time.LoadLocation(s)
	if err != nil {
		return errors.New("no such time zone, want an IANA name like Europe/Berlin or UTC")
	}
	z.loc = loc
	return nil
}

// modelKind is a registered kind of model.
type modelKind string

func (k *modelKind) parse(s string) error {
	if _, err := models.Lookup(s); err != nil {
		return errors.New("no such model, " + didYouMean(s, models.Kinds()))
	}
	*k = modelKind(s)
	return nil
}

func (r *Rate) parse(s string) error {
	v, err := ParseRate(s)
	if err != nil {
		return err
	}
	*r = v
	return nil
}

func (d *Direction) parse(s string) error {
	for _, v := range []Direction{Both, Above, Below} {
		if v.String() == s {
			*d = v
			return nil
		}
	}
	return oneOf(s, directionNames)
}

var directionNames = []string{"above", "below", "both"}

func oneOf(s string, names []string) error {
	msg := "want " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	if n := nearest(s, names); n != "" {
		msg += ", did you mean " + quoted(n) + "?"
	}
	return errors.New(msg)
}

func (m *MinDeviation) parse(s string) error {
	num, relative := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return errors.New("want a number that is not negative, or a percentage like 30%")
	}
	if relative {
		v /= 100
	}
	*m = MinDeviation{Relative: relative, Value: v}
	return nil
}

// share is a fraction of alarms: 10% or 0.1, above 0 and at most a half.
type share float64

func (v *share) parse(s string) error {
	num, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
	if percent {
		f /= 100
	}
	if err != nil || !(f > 0 && f <= 0.5) {
		return errors.New("want a share of alarms above 0 and at most 50%, for example 10%")
	}
	*v = share(f)
	return nil
}

// String is the deviation as the configuration writes it; "none" where there is no limit.
func (m MinDeviation) String() string {
	switch {
	case m.Value == 0:
		return "none"
	case m.Relative:
		return strconv.FormatFloat(m.Value*100, 'g', -1, 64) + "%"
	default:
		return strconv.FormatFloat(m.Value, 'g', -1, 64)
	}
}

// treatment is CloudWatch's TreatMissingData.
type treatment alerting.Treatment

var treatmentNames = []string{"ignore", "missing", "breaching", "notBreaching"} // indexed by alerting.Treatment

func (t *treatment) parse(s string) error {
	for i, name := range treatmentNames {
		if name == s {
			*t = treatment(i)
			return nil
		}
	}
	return oneOf(s, treatmentNames)
}

// transform is a scale of models.Config.
type transform models.Transform

var transformNames = []string{"identity", "auto", "log"} // indexed by models.Transform

func (t *transform) parse(s string) error {
	i := slices.Index(transformNames, s)
	if i < 0 {
		return oneOf(s, transformNames)
	}
	*t = transform(i)
	return nil
}

// forest says whether a series has a forest of its own.
type forest bool

var forestNames = []string{"shared", "own"}

func (f *forest) parse(s string) error {
	if !slices.Contains(forestNames, s) {
		return oneOf(s, forestNames)
	}
	*f = s == "own"
	return nil
}

// weekday is a day by its English name or the first three letters of it.
type weekday time.Weekday

func (w *weekday) parse(s string) error {
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if l := strings.ToLower(s); l == name || l == name[:3] {
			*w = weekday(d)
			return nil
		}
	}
	return errors.New("want a day like mon or monday")
}

// moment is a time with its date (RFC 3339) or a time of day.
type moment struct {
	at   time.Time     // zero for a time of day
	wall time.Duration // since midnight, up to 24h
}

func (m *moment) isWall() bool { return m.at.IsZero() }

func (m *moment) parse(s string) error {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		m.at = at
		return nil
	}
	if wall, ok := parseWall(s); ok {
		m.wall = wall
		return nil
	}
	return errors.New(`want a time like 2026-12-24T00:00:00+01:00, or a time of day like "22:00"`)
}

func parseWall(s string) (time.Duration, bool) {
	if s == "24:00" {
		return 24 * time.Hour, true
	}
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}
