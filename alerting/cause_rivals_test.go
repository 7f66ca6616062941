package alerting

import "math"

// byLabels groups as group_by does.
func byLabels(names ...string) func([]simAlarm, CauseInput) []int {
	return func(alarms []simAlarm, _ CauseInput) []int {
		of, out := map[string]int{}, make([]int, len(alarms))
		for i, a := range alarms {
			key := a.Labels.MatchLabels(true, names...).String()
			if _, ok := of[key]; !ok {
				of[key] = len(of)
			}
			out[i] = of[key]
		}
		return out
	}
}

// byOverlap clusters by interval overlap with the constants of OpenSearch's anomaly correlation (AnomalyCorrelation.java, 3.x):
// intervals dilated by 5 min, similarity = overlap · exp(−|difference of length|/30 min), an edge from 0.30 and 3 min of overlap.
func byOverlap(alarms []simAlarm, _ CauseInput) []int {
	out := indices(len(alarms))
	for i := range alarms {
		for j := range i {
			if overlapLinks(alarms[i], alarms[j]) {
				from, to := out[i], out[j]
				for k := range out {
					if out[k] == from {
						out[k] = to
					}
				}
			}
		}
	}
	return out
}

func overlapLinks(a, b simAlarm) bool {
	const minute, dilation = 60_000.0, 5 * 60_000.0
	length := func(x simAlarm) float64 { return float64(x.end-x.Onset) + 2*dilation }
	common := float64(min(a.end, b.end)-max(a.Onset, b.Onset)) + 2*dilation
	if common < 3*minute {
		return false
	}
	shorter, longer := min(length(a), length(b)), max(length(a), length(b))
	overlap := common / (shorter + longer - common)
	penalty := math.Exp(-(longer - shorter) / (30 * minute))
	if contained := common / shorter; contained >= 0.8 && longer >= 4*shorter {
		overlap, penalty = 0.4*overlap+0.6*contained, math.Pow(penalty, 0.45)
	}
	return overlap*penalty >= 0.30
}

// byCause groups as Causes does.
func byCause(alarms []simAlarm, in CauseInput) []int {
	of := map[string]int{}
	for n, c := range Causes(in).Causes {
		for _, id := range c.Members {
			of[id] = n
		}
	}
	out := make([]int, len(alarms))
	for i, a := range alarms {
		out[i] = of[a.ID]
	}
	return out
}
