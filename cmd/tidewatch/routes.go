package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
	"github.com/tidewatch/tidewatch/configs"
)

// routesParent is `tidewatch routes`, whose commands are those of `amtool config routes`.
func routesParent(a *kingpin.Application) *kingpin.CmdClause {
	if c := a.GetCommand("routes"); c != nil {
		return c
	}
	return a.Command("routes", "Show the routing tree and test where alarms go, as amtool config routes does.")
}

func routesConfigFlag(c *kingpin.CmdClause) *string {
	return c.Flag("config", "Configuration file or directory.").Short('c').Default("tidewatch.yml").String()
}

func routesShowCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := routesParent(a).Command("show", "Print the routing tree.")
	config := routesConfigFlag(c)
	return c.FullCommand(), func(context.Context) error {
		cfg, err := configs.Load(*config)
		if err != nil {
			return err
		}
		return printRoute(e.stdout, cfg.Route, alerting.Route{
			GroupWait: alerting.DefaultGroupWait, GroupInterval: alerting.DefaultGroupInterval, RepeatInterval: alerting.DefaultRepeatInterval,
		}, "", "")
	}
}

// printRoute prints a node and what is below it; first and rest are what stands before its first and its other lines.
func printRoute(w io.Writer, r *alerting.Route, parent alerting.Route, first, rest string) error {
	node := r.Inherit(parent)
	if _, err := fmt.Fprintf(w, "%s%s\n", first, describeRoute(r, node)); err != nil {
		return err
	}
	for i, child := range r.Routes {
		branch, trunk := "├── ", "│   "
		if i == len(r.Routes)-1 {
			branch, trunk = "└── ", "    "
		}
		if err := printRoute(w, child, node, rest+branch, rest+trunk); err != nil {
			return err
		}
	}
	return nil
}

// describeRoute is {matchers}  receiver: x  group_by …; node is r with what it inherits.
func describeRoute(r *alerting.Route, node alerting.Route) string {
	s := "default-route"
	if len(r.Matchers) > 0 {
		s = alerting.Matchers(r.Matchers).String()
	}
	if r.Continue {
		s += "  continue: true"
	}
	return s + "  receiver: " + node.Receiver + "  " + timings(node)
}

// timings are how a node groups and when its messages go out.
func timings(node alerting.Route) string {
	cause := ""
	if node.ByCause() {
		cause = " and cause"
	}
	return fmt.Sprintf("group_by: [%s]%s  group_wait: %s  group_interval: %s  repeat_interval: %s", strings.Join(node.GroupBy, ", "), cause,
		model.Duration(node.GroupWait), model.Duration(node.GroupInterval), model.Duration(node.RepeatInterval))
}

func routesTestCommand(a *kingpin.Application, e *env) (string, func(context.Context) error) {
	c := routesParent(a).Command("test", "Print the receivers that an alarm with these labels reaches, and by which way.")
	config := routesConfigFlag(c)
	verify := c.Flag("verify.receivers", "Receivers that it should reach, in the order of the tree, separated by commas; if it reaches others the status is 1.").PlaceHolder("a,b").String()
	tree := c.Flag("tree", "Print the way through the tree and the timings as well.").Bool()
	pairs := c.Arg("label", "Labels of the alarm: those of its series and of its detector, and alertname, which is the detector's name.").Required().Strings()
	return c.FullCommand(), func(context.Context) error {
		ls, err := parseLabels(*pairs)
		if err != nil {
			return err
		}
		cfg, err := configs.Load(*config)
		if err != nil {
			return err
		}
		return testRoutes(e, cfg.Route, ls, *verify, *tree)
	}
}

// parseLabels reads label=value, with the value quoted if one likes.
func parseLabels(pairs []string) (labels.Labels, error) {
	m := map[string]string{}
	for _, p := range pairs {
		name, value, ok := strings.Cut(p, "=")
		if !ok || !model.UTF8Validation.IsValidLabelName(name) {
			return labels.EmptyLabels(), fmt.Errorf("%q is not label=value", p)
		}
		if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		if _, twice := m[name]; twice {
			return labels.EmptyLabels(), fmt.Errorf("label %s is given twice", name)
		}
		m[name] = value
	}
	return labels.FromMap(m), nil
}

func testRoutes(e *env, root *alerting.Route, ls labels.Labels, verify string, tree bool) error {
	ways := root.Ways(ls)
	var names []string
	for _, w := range ways {
		names = append(names, w.Route.Receiver)
		if !tree {
			continue
		}
		if _, err := fmt.Fprintf(e.stdout, "%s\n  %s\n  %s\n", w.Route.Receiver, strings.Join(pathText(root, w.Path), " → "), timings(w.Route)); err != nil {
			return err
		}
	}
	if !tree {
		if _, err := fmt.Fprintln(e.stdout, strings.Join(names, ",")); err != nil {
			return err
		}
	}
	if verify == "" {
		return nil
	}
	want := strings.Split(verify, ",")
	for i := range want {
		want[i] = strings.TrimSpace(want[i])
	}
	if !slices.Equal(names, want) {
		return fmt.Errorf("expected receivers %s, the alarm reaches %s", strings.Join(want, ","), strings.Join(names, ","))
	}
	return nil
}

// pathText names each node of a path by its place and its matchers.
func pathText(root *alerting.Route, path []int) []string {
	out := []string{"route"}
	for _, i := range path {
		root = root.Routes[i]
		out = append(out, fmt.Sprintf("routes[%d] %s", i, alerting.Matchers(root.Matchers)))
	}
	return out
}
