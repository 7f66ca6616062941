package quality

// scopeLabels name what one fault of an exporter can reach: a target, or all of a job.
var scopeLabels = [...]string{"instance", "pod", "node", "host", "job", "service"}

// eachScope calls decide with the indices of the members that keep chooses: of the whole detector and, where that is nobody's
// fault as a whole, of each target with several of them. decide returns true where it has found a fault.
func (m *Monitor) eachScope(ms []Member, keep func(*Member) bool, decide func(of []int) bool) {
	var all []int
	for i := range ms {
		if keep(&ms[i]) {
			all = append(all, i)
		}
	}
	if len(all) == 0 || decide(all) {
		return
	}
	for _, name := range scopeLabels {
		var values []string
		by := map[string][]int{}
		for _, i := range all {
			v := ms[i].Series.Labels.Get(name)
			if v == "" {
				continue
			}
			if by[v] == nil {
				values = append(values, v)
			}
			by[v] = append(by[v], i)
		}
		found := false
		for _, v := range values {
			if of := by[v]; len(of) >= several && len(of) < len(all) && decide(of) {
				found = true
			}
		}
		if found {
			return
		}
	}
}
