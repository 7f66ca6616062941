package readserver

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

func externalLabels(ls labels.Labels) []prompb.Label {
	out := make([]prompb.Label, 0, ls.Len())
	ls.Range(func(l labels.Label) { out = append(out, prompb.Label{Name: l.Name, Value: l.Value}) })
	return out
}

var matchTypes = map[prompb.LabelMatcher_Type]labels.MatchType{
	prompb.LabelMatcher_EQ:  labels.MatchEqual,
	prompb.LabelMatcher_NEQ: labels.MatchNotEqual,
	prompb.LabelMatcher_RE:  labels.MatchRegexp,
	prompb.LabelMatcher_NRE: labels.MatchNotRegexp,
}

// storeMatchers translates a query's matchers for the store, where no series has the external labels: an equality that an
// external label fulfils asks for the label's absence instead. Every other matcher goes through as it is, so that an
// equality with another value finds nothing. This is exactly what Prometheus's server does.
func storeMatchers(in []*prompb.LabelMatcher, external labels.Labels) ([]*labels.Matcher, error) {
	out := make([]*labels.Matcher, 0, len(in))
	for i, pm := range in {
		typ, ok := matchTypes[pm.GetType()]
		if !ok {
			return nil, &requestError{fmt.Errorf("matcher %d: unknown match type %d", i, pm.GetType())}
		}
		value := pm.GetValue()
		if typ == labels.MatchEqual && value == external.Get(pm.GetName()) {
			value = ""
		}
		m, err := labels.NewMatcher(typ, pm.GetName(), value)
		if err != nil {
			return nil, &requestError{fmt.Errorf("matcher %d on label %q: %w", i, pm.GetName(), err)}
		}
		out = append(out, m)
	}
	return out, nil
}

// appendLabels appends to dst the labels of a series merged with the external labels, in order of name; the series' own
// label wins.
func appendLabels(dst []prompb.Label, ls labels.Labels, external []prompb.Label) []prompb.Label {
	ls.Range(func(l labels.Label) {
		for len(external) > 0 && external[0].Name < l.Name {
			dst = append(dst, external[0])
			external = external[1:]
		}
		if len(external) > 0 && external[0].Name == l.Name {
			external = external[1:]
		}
		dst = append(dst, prompb.Label{Name: l.Name, Value: l.Value})
	})
	return append(dst, external...)
}
