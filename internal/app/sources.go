package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tidewatch/tidewatch/ingest"
	"github.com/tidewatch/tidewatch/internal/api"
)

// Sources implements api.Backend.
func (b backend) Sources(context.Context) ([]api.Source, error) {
	b.s.mu.RLock()
	defer b.s.mu.RUnlock()
	out := make([]api.Source, 0, len(b.s.runners))
	for _, r := range b.s.runners {
		a := api.Source{Name: r.name, Protocol: string(ingest.ProtocolAuto), Up: true, Circuit: string(ingest.CircuitClosed)}
		if h := b.s.sources[r.name]; h != nil && h.since != 0 {
			a.Up, a.DownSince = false, api.Time(h.since)
		}
		if st, ok := ingest.StateOf(r.source); ok {
			a.Protocol, a.Circuit = string(st.Protocol), string(st.Circuit)
			a.RetryAt, a.NewestSample = apiTime(st.RetryAt), apiTime(st.Newest)
			a.Reads, a.Limits = st.Reads, api.SourceLimits{Samples: int(st.Limits.Samples), Reads: st.Limits.Reads, Frame: int(st.Limits.Frame)}
			if st.Last != nil {
				a.LastError = st.Last.Error()
			}
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(x, y api.Source) int { return cmp.Compare(x.Name, y.Name) })
	return out, nil
}

func apiTime(t time.Time) api.Time {
	if t.IsZero() {
		return 0
	}
	return api.Time(t.UnixMilli())
}
