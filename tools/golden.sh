#!/usr/bin/env bash
# Runs the tests of every package that has an -update flag with that flag, which rewrites its golden files and the documents
# that are generated from the code.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=$(git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -lE 'flag\.Bool\("update"' | xargs -n 1 dirname | sort -u | sed 's#^#./#')
for p in $packages; do # one at a time: go test passes the flag to each, and two must not write the same document
	go test "$p" -update
done
