// Command testreport reads the events of go test -json and prints what a person wants to know of a long run: the output of what
// failed, each package's time, the slowest tests, what was skipped and why, and a last line of counts. It exits with 1 if a
// test or a package failed, or if there was none.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const modulePath = "github.com/tidewatch/tidewatch/" // left out of packages' names

// event is one line of go test -json; see go doc test2json.
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of build output
	Elapsed                       float64
	FailedBuild                   string
}

type result struct {
	name    string
	seconds float64
}

// report is what has been seen so far.
type report struct {
	out                     io.Writer
	output                  map[string][]string // by package and test, until it ends
	tests, packages         []result
	skips                   []string
	passed, failed, skipped int
}

func main() {
	r := &report{out: os.Stdout, output: map[string][]string{}}
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	r.summary()
	if r.failed > 0 || r.passed == 0 {
		os.Exit(1)
	}
}

func (r *report) read(in io.Reader) error {
	sc := bufio.NewScanner(in)
	sc.Buffer(nil, 64<<20)
	for sc.Scan() {
		var e event
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			fmt.Fprintln(r.out, sc.Text()) // go's own complaint
			continue
		}
		r.add(e)
	}
	return sc.Err()
}

func (r *report) add(e event) {
	if e.ImportPath != "" && e.Package == "" {
		e.Package = e.ImportPath
	}
	e.Package = strings.TrimPrefix(e.Package, modulePath)
	key := strings.TrimSuffix(e.Package+" "+e.Test, " ")
	switch e.Action {
	case "output", "build-output":
		r.output[key] = append(r.output[key], e.Output)
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	top := e.Test != "" && !strings.Contains(e.Test, "/")
	switch {
	case e.Action == "fail":
		fmt.Fprintf(r.out, "--- FAIL: %s (%.1fs)\n%s", key, e.Elapsed, strings.Join(r.output[key], ""))
		if e.FailedBuild != "" {
			fmt.Fprint(r.out, strings.Join(r.output[strings.TrimPrefix(e.FailedBuild, modulePath)], ""))
		}
		if top || e.Test == "" {
			r.failed++
		}
	case e.Action == "skip" && e.Test != "":
		r.skipped++
		r.skips = append(r.skips, key+": "+reason(r.output[key]))
	case top:
		r.passed++
	}
	delete(r.output, key)
	switch {
	case e.Test == "":
		r.packages = append(r.packages, result{e.Package, e.Elapsed})
	case top:
		r.tests = append(r.tests, result{key, e.Elapsed})
	}
}

// reason is what a skipped test said.
func reason(lines []string) string {
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "===") && !strings.HasPrefix(l, "---") {
			_, text, ok := strings.Cut(l, ": ")
			if ok {
				return text
			}
			return l
		}
	}
	return "no reason given"
}

func (r *report) summary() {
	slowest := func(title string, of []result, n int, least float64) {
		slices.SortFunc(of, func(a, b result) int { return cmp.Compare(b.seconds, a.seconds) })
		fmt.Fprintln(r.out, title)
		for _, x := range of[:min(n, len(of))] {
			if x.seconds >= least {
				fmt.Fprintf(r.out, "  %6.1fs %s\n", x.seconds, x.name)
			}
		}
	}
	slowest("packages:", r.packages, len(r.packages), 0.05)
	slowest("slowest tests:", r.tests, 15, 1)
	if len(r.skips) > 0 {
		fmt.Fprintln(r.out, "skipped:")
		for _, s := range r.skips {
			fmt.Fprintln(r.out, "  "+s)
		}
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
}
