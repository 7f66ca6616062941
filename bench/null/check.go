package null

import "fmt"

// Broken names every promise that is not kept: the rate of single points at 1e-3 and 1e-4 and of false alarms, in all and in each family, where
// it lies outside a factor of two and chance is not why. of is how many were looked at.
func (r *Report) Broken() (lines []string, of int) {
	for i := range r.Settings {
		s := &r.Settings[i]
		where := fmt.Sprintf("step %s, %s", stepText(s.StepSeconds), s.Promise)
		for k := range s.Families {
			f := &s.Families[k]
			rates := []struct {
				what string
				rate Rate
			}{{"single points at 1e-3", f.P[1].Rate}, {"single points at 1e-4", f.P[2].Rate}, {"false alarms", f.Alarms}}
			of += len(rates)
			for _, x := range rates {
				if x.rate.Verdict() != "" {
					lines = append(lines, fmt.Sprintf("%s: family %s: %s: %s × the promise, %s at 95 %%, want within %d×",
						where, f.Name, x.what, figure(x.rate.Ratio), x.rate.interval(), tolerance))
				}
			}
		}
	}
	return lines, of
}
