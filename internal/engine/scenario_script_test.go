package engine

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tidewatch/tidewatch/alerting"
)

// A scenario is a script of testdata/scenarios. Each line is a field and its value; `#` begins a comment. Times are wall-clock
// times of the zone, written as `Mon 2026-03-02 10:00`; durations are Go's, with days: `2d`. Fields:
//
//	step 5m · zone Europe/Berlin · begin T · judge T · end T
//	      the grid, and the three times that bound it: history is [begin, judge), and alarms count from judge to end
//	series 4                      so many series with noise of their own; 1 where it is left out
//	young 1 T                     the last one begins at T only
//	detector UTC                  the detector's zone; that of the load where it is left out
//	alarm 3 of 5 [at once]        the policy; 3 of 5 where it is left out
//	load level 100 day 30 weekend 0.4 ar 0.5 noise 2 seed 7
//	      level + day × a hump over the local day (times `weekend` from Saturday to Monday, 04:00) + normal AR(1) noise of that
//	      standard deviation
//	model peer                    the kind of model, which judges all series as one group
//	replica b 1.5                 series b (they are called a, b, …) shows so many times as much as the others
//	spike, level, outage T AMOUNT [for D] [of c]   of one series, or of all; AMOUNT is x50 (times) or +40 (more); without `for` until the end
//	ramp T +18 over D [for D]                  grows by so much over the first duration and stays up
//	missing T for D                            no values
//	cron [Sun] 06:00 +100 for D [except DAY]…  every day, or every such weekday, but not on those days
//	holiday DAY                                the load of that day is a weekend's
//	want ALARM T within N [NOTE]  the next transition from judge on, within N points; NOTE is its reason where it has one
//	want none · want at most N    there is none; at most N alarms
//	want quiet T for D · want loud T for D     in that time no alarm begins; one or more do
//	want band …                   see scenario_band_test.go
//	falls short: TEXT             what is wanted does not happen; the lines `instead`, each as `want`, say what does
//
// Where there are young series, wants are about them alone.
type scenario struct {
	step              time.Duration
	zone, detector    *time.Location
	begin, judge, end int64 // Unix milliseconds
	series            int
	young             int // of them
	youngFrom         int64
	policy            alerting.Policy
	load              load
	shapes            []shape
	kind              string             // of a joint model
	scales            map[string]float64 // of replicas that are not alike
	want, instead     wants
	short             []string // falls short
}

// readScenario reads a script; a mistake names its line.
func readScenario(file string) (*scenario, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &scenario{zone: time.UTC, detector: time.UTC, series: 1, policy: alerting.Policy{Datapoints: 3, Of: 5}}
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if short, ok := strings.CutPrefix(line, "falls short: "); ok {
			s.short = append(s.short, strings.TrimSpace(short))
			continue
		}
		w := words{f: strings.Fields(line), zone: s.zone}
		if len(w.f) == 0 {
			continue
		}
		s.field(&w)
		if w.err == nil && len(w.f) > 0 {
			w.fail("%q is left over", strings.Join(w.f, " "))
		}
		if w.err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, w.err)
		}
	}
	if s.step == 0 || s.begin == 0 || s.judge < s.begin || s.end <= s.judge || s.load.noise <= 0 {
		return nil, fmt.Errorf("%s: want step, begin <= judge < end, and a load with noise", file)
	}
	if s.want.empty() || s.instead.empty() != (len(s.short) == 0) {
		return nil, errors.New(file + ": want at least one want, and instead where it falls short")
	}
	s.instead.inherit(&s.want)
	return s, nil
}

// field reads one line.
func (s *scenario) field(w *words) {
	switch name := w.word(); name {
	case "step":
		s.step = w.duration()
	case "zone", "detector":
		loc, err := time.LoadLocation(w.word())
		if err != nil {
			w.fail("%w", err)
			return
		}
		if s.detector = loc; name == "zone" {
			s.zone = loc
		}
	case "begin":
		s.begin = w.time()
	case "judge":
		s.judge = w.time()
	case "end":
		s.end = w.time()
	case "series":
		s.series = w.count()
	case "young":
		s.young, s.youngFrom = w.count(), w.time()
	case "alarm":
		s.policy.Datapoints = w.count()
		w.must("of")
		s.policy.Of = w.count()
		s.policy.AtOnce = w.is("at once")
	case "model":
		s.kind = w.word()
	case "replica":
		if s.scales == nil {
			s.scales = map[string]float64{}
		}
		name := w.word()
		s.scales[name] = w.number()
	case "load":
		s.load.read(w)
	case "want":
		s.want.read(w)
	case "instead":
		s.instead.read(w)
	default:
		s.shapes = append(s.shapes, readShape(name, w))
	}
}
