#!/bin/sh
# Builds the stores, other than Prometheus, that TestBackends reads from, out of their modules, into
# ${TIDEWATCH_CACHE:-$HOME/.cache/tidewatch}/backends: those that are named, or all of
#
#   victoria-metrics mimir cortex thanos
#
# What is there already is left alone. VictoriaMetrics takes half a minute of processor time, each of the others four to six minutes and two
# gigabytes for Go's caches.
set -eu

cache=${TIDEWATCH_CACHE:-$HOME/.cache/tidewatch}/backends

say() { echo "backends.sh: $*" >&2; }

# build NAME MODULE@VERSION PACKAGE TAGS
build() {
	if [ -x "$cache/$1" ]; then
		return 0
	fi
	say "building $2 into $cache"
	work=$(mktemp -d)
	src=$(cd / && go mod download -json "$2" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
	[ -d "$src/" ] && [ -n "$src" ] || { say "no source of $2"; return 1; }
	# A copy, as 'go install' refuses what has replace directives.
	cp -r "$src" "$work/src"
	chmod -R u+w "$work/src"
	mkdir -p "$cache"
	(cd "$work/src" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false nice go build -tags "$4" -o "$work/$1" "./$3" >&2)
	mv "$work/$1" "$cache/$1"
	rm -rf "$work"
}

for name in ${*:-victoria-metrics mimir cortex thanos}; do
	case $name in
	victoria-metrics) build "$name" github.com/VictoriaMetrics/VictoriaMetrics@v1.148.0 app/victoria-metrics '' ;;
	mimir) build "$name" github.com/grafana/mimir@v1.3.1-0.20260423142704-aced80d74930 cmd/mimir '' ;; # its main branch of 23 April 2026
	cortex) build "$name" github.com/cortexproject/cortex@v1.21.1 cmd/cortex netgo,slicelabels ;;
	thanos) build "$name" github.com/thanos-io/thanos@v0.42.2 cmd/thanos slicelabels ;;
	*) say "there is no $name"; exit 1 ;;
	esac
done
