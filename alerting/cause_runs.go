package alerting

import "math"

// MaxCauseRun is how long the alarms may take, from the first to the last, that are compared with each other, milliseconds.
const MaxCauseRun = 30 * 60_000

// causeRuns cuts alarms, ordered by onset, where the next one can have no cause in common with those before, and after MaxCauseRun.
func causeRuns(alarms []CauseAlarm) (runs [][]CauseAlarm) {
	widest := int64(0)
	for _, a := range alarms {
		widest = max(widest, a.Spread)
	}
	gap := causeLag + 2*math.Hypot(float64(widest), float64(widest))
	begin := 0
	for i := range alarms {
		if i > begin && (float64(alarms[i].Onset-alarms[i-1].Onset) > gap || alarms[i].Onset-alarms[begin].Onset > MaxCauseRun) {
			runs = append(runs, alarms[begin:i])
			begin = i
		}
	}
	if begin < len(alarms) {
		runs = append(runs, alarms[begin:])
	}
	return runs
}
