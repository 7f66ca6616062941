package models

// sharer is rows that judge with a forest as well.
type sharer struct{ rows }

// sharerOf is rowsOf for a sharer.
func sharerOf(s *settings, n int) *sharer {
	m := &sharer{}
	m.begin(s, n)
	return m
}

// Another implements Prototype.
func (m *sharer) Another() Model { return sharerOf(m.settings, len(m.all())) }

// Sample implements Sharer.
func (m *sharer) Sample(dst []float64) []float64 {
	for i := range m.all() {
		w := &m.all()[i]
		if w.memo == nil || int(w.points) < m.settings.slowPoints-1 {
			continue
		}
		for _, v := range bent(w.shape(w.memo)) {
			dst = append(dst, float64(v))
		}
	}
	return dst
}

// keptOfTail is the share of the isolation tail's counts that survives a change of forests: two forests of a family agree
// roughly, so that the old tail is a good prior for the new one.
const keptOfTail = 0.25

// Adopt implements Sharer. A Shared of another kind is ignored.
func (m *sharer) Adopt(s Shared) {
	f, ok := s.(*forest)
	if !ok {
		return
	}
	m.forest = f
	for i := range m.all() {
		w := &m.all()[i]
		if w.tails.forest == f.version.short() {
			continue // as after a restart: the tail was learnt under this forest
		}
		if w.tails.forest != 0 {
			w.tails.at(tailIsolation).forget(keptOfTail)
			w.tails.at(tailIsolation).fit()
		}
		w.tails.forest = f.version.short()
	}
}
