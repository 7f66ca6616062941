package alerting

import "github.com/prometheus/prometheus/model/labels"

// Way is how an alarm reaches a node of the routing tree.
type Way struct {
	Route Route // the node, with what it inherits and without children
	Path  []int // which child, from the root down; empty for the root itself
}

// Ways are the nodes that an alarm with these labels goes to, in the order of the tree, each with its path.
func (r *Route) Ways(ls labels.Labels) []Way {
	return r.ways(ls, Route{
		GroupWait: DefaultGroupWait, GroupInterval: DefaultGroupInterval, RepeatInterval: DefaultRepeatInterval,
	}, nil)
}

func (r *Route) ways(ls labels.Labels, parent Route, path []int) []Way {
	if !Matchers(r.Matchers).Match(ls) {
		return nil
	}
	node := r.Inherit(parent)
	var found []Way
	for i, child := range r.Routes {
		below := child.ways(ls, node, append(path[:len(path):len(path)], i))
		found = append(found, below...)
		if len(below) > 0 && !child.Continue {
			break
		}
	}
	if len(found) == 0 {
		found = append(found, Way{node, path})
	}
	return found
}
