package engine

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch"
)

// knownChurn are labels that name an instance of a workload and not the workload: their values are replaced with every roll-out or restart.
// Others are found by what happens, see strangers.
var knownChurn = []string{
	"container_id", "endpoint_ip", "id", "image_id", "instance", "ip", "pid", "pod", "pod_ip", "pod_name", "pod_template_hash", "pod_uid",
	"replica_set", "replicaset", "task_id", "uid",
}

// churns reports whether a label's values are replaced in the course of time: as configured, or one of those known or found.
func (d *detector) churns(name string) bool {
	if d.Churn != nil {
		return slices.Contains(d.Churn, name)
	}
	if slices.Contains(knownChurn, name) {
		return true
	}
	for i := range d.strangers {
		if d.strangers[i].name == name {
			return d.strangers[i].churns()
		}
	}
	return false
}

// kinOf is a series' identity without its churn labels, of whose values the lasting part counts: series of equal identity can replace
// each other.
func (d *detector) kinOf(ls labels.Labels) uint64 {
	b := labels.NewBuilder(ls)
	ls.Range(func(l labels.Label) {
		if d.churns(l.Name) {
			b.Set(l.Name, stem(l.Value)+"*")
		}
	})
	return tidewatch.SeriesID(d.Name, b.Labels())
}

// stem is the part of an instance's name that does not change when it is replaced: "web" of web-6f7b9c5d4-x2x8p, of web-3 and of
// web1.example.org:8080, "" of an address or an id.
func stem(v string) string {
	v, _, _ = strings.Cut(v, ":")
	if i := strings.LastIndexByte(v, '/'); i >= 0 {
		v = v[i+1:]
	}
	if host, _, ok := strings.Cut(v, "."); ok {
		v = host
	}
	parts := strings.FieldsFunc(v, func(r rune) bool { return r == '-' || r == '_' })
	kept := parts[:0]
	for _, p := range parts {
		if random(p) {
			continue
		}
		if p = strings.TrimRight(p, "0123456789"); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "-")
}

// random reports whether a part of a name looks drawn by lot: Kubernetes draws from letters without vowels and from digits, others write
// hexadecimal numbers.
func random(p string) bool {
	digits, vowels, hex := 0, 0, true
	for _, r := range p {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case strings.ContainsRune("aeiouy", r):
			vowels++
		}
		hex = hex && strings.ContainsRune("0123456789abcdef", r)
	}
	return len(p) >= 5 && vowels == 0 || digits > 0 && vowels == 0 && len(p) >= 4 || hex && len(p) >= 6
}
