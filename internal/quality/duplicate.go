package quality

import (
	"fmt"
	"math"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

const (
	twinsEvery = 6    // columns between two looks
	alike      = 0.01 // how far the values of two copies may be apart, as a share
	alikeFor   = 4    // looks in a row at which they must have been alike, and have moved
)

// twin is what a series has in common with another of the same labels but for a replica's.
type twin struct {
	last   float64 // the value at the newest look
	times  int8    // looks in a row at which both were alike and had moved, at most alikeFor
	copied bool
}

// namesReplica reports whether a label tells replicas apart.
func namesReplica(label string) bool { return strings.Contains(label, "replica") }

// copies finds series that are there twice because a label that tells replicas of Prometheus apart was not dropped. The first in
// the order of labels is judged, the others are withheld: one page instead of two. Replicas of a service have such labels, too,
// so that their values must go on agreeing while they move.
func (m *Monitor) copies(t int64, ms []Member) {
	if floorMod(t/m.expect.step(), twinsEvery) != 0 {
		return
	}
	b := labels.NewBuilder(labels.EmptyLabels())
	kept := map[string]int{}
	for i := range ms {
		ls, name := ms[i].Series.Labels, ""
		ls.Range(func(l labels.Label) {
			if namesReplica(l.Name) {
				name = l.Name
			}
		})
		if name == "" || !ms[i].present() {
			continue
		}
		b.Reset(ls)
		key := b.Del(name).Labels().String()
		k, ok := kept[key]
		if !ok {
			kept[key] = i
			continue
		}
		other := i
		if labels.Compare(ls, ms[k].Series.Labels) < 0 {
			kept[key], k, other = i, i, k
		}
		if s := ms[k].S; s.seldom != nil {
			s.seldom.twin = twin{}
		}
		if ms[other].S.rarely().twin.look(ms[other].X, ms[k].X) {
			m.say(Duplicate, fmt.Sprintf("%s is there once more; drop_labels: [%s] makes one series of them", key, name))
		}
	}
}

// look compares a value with that of the series that is kept, and reports whether it is its copy.
func (w *twin) look(x, kept float64) bool {
	switch {
	case math.Abs(x-kept) > alike*math.Abs(kept):
		*w = twin{}
	case x != w.last:
		w.times = min(w.times+1, alikeFor)
	}
	w.last = x
	w.copied = w.times >= alikeFor
	return w.copied
}

func floorMod(a, b int64) int64 {
	r := a % b
	if r < 0 {
		r += b
	}
	return r
}
