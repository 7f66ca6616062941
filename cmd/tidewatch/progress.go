package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress returns a function that draws a bar on w for a share of 0 to 1, and one that removes it; both do nothing where w is
// not a terminal.
func progress(w io.Writer, what string) (show func(share float64), done func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func(float64) {}, func() {}
	}
	bar := progressbar.NewOptions(1000, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(40), progressbar.OptionShowElapsedTimeOnFinish())
	return func(share float64) { _ = bar.Set(int(share * 1000)) }, func() { _ = bar.Finish() }
}
