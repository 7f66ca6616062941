package bench

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine describes what the run ran on.
func machine() string {
	s := fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	raw, err := os.ReadFile("/proc/cpuinfo") // Linux only
	if err != nil {
		return s
	}
	for line := range strings.Lines(string(raw)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return s + ", " + strings.TrimSpace(strings.TrimLeft(name, " \t:"))
		}
	}
	return s
}
