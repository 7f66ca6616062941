#!/usr/bin/env bash
# Runs every fuzz target of the module for a time: fuzz.sh [TIME [NAME-PATTERN]]. As many targets at once as there are
# cores, each with one worker, so that a target's time is its own. What is merely interesting is made smaller for a second only: by
# default that may take all the time there is. A crash leaves its input in the package's testdata/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s} pattern=${2:-.}

targets=$(git ls-files --cached --others --exclude-standard '*_test.go' | while read -r f; do
	[[ -f $f ]] || continue
	sed -nE "s#^func (Fuzz[A-Za-z0-9_]+)\(.*#./$(dirname "$f") \1#p" "$f"
done | grep -E " .*${pattern}" | sort) || { echo "fuzz: no target matches '${pattern}'" >&2; exit 1; }

echo "$(wc -l <<<"$targets") targets, ${time} each"
# Built first, so that compiling does not count as fuzzing.
cut -d' ' -f1 <<<"$targets" | sort -u | xargs go vet

one() {
	local out
	if out=$(go test "$2" -run '^$' -fuzz "^$3\$" -fuzztime "$1" -fuzzminimizetime 1s -parallel 1 2>&1); then
		printf 'ok   %-24s %-18s %s\n' "$2" "$3" "$(grep -oE 'execs: [0-9]+' <<<"$out" | tail -1)"
	elif grep -qx ' *context deadline exceeded' <<<"$out" && ! grep -qE 'Failing input|panic:|_test\.go:[0-9]+:' <<<"$out"; then
		# Go's coordinator takes its own end for a failure when it loses a race: https://go.dev/issue/75804, mended in Go 1.27.
		printf 'ok   %-24s %-18s %s (ended late)\n' "$2" "$3" "$(grep -oE 'execs: [0-9]+' <<<"$out" | tail -1)"
	else
		printf 'FAIL %-24s %s\n%s\n' "$2" "$3" "$out"
		return 1
	fi
}
export -f one
xargs -P "$(nproc)" -L 1 bash -c 'one "$@"' fuzz "$time" <<<"$targets"
