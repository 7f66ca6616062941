#!/bin/sh
# Installs or builds the Prometheus servers that the integration tests run against, and prints where they are as
# NAME=path lines, which a shell can eval:
#
#   eval "$(internal/integration/servers.sh)"
#
# Prometheus 2.42 and Alertmanager come from Debian (needs root, or what is installed), Prometheus 3.16 and its promtool are built from its module into
# ${TIDEWATCH_CACHE:-$HOME/.cache/tidewatch}, as is VictoriaMetrics. What is there already is left alone. Messages go to standard error.
set -eu

version=v0.316.0
cache=${TIDEWATCH_CACHE:-$HOME/.cache/tidewatch}/prometheus-3.16

say() { echo "servers.sh: $*" >&2; }

# debian NAME PACKAGE: installs the package unless its command, which has the same name, is there.
debian() {
	if ! command -v "$2" >/dev/null 2>&1; then
		if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
			say "no $2 on the PATH, and none can be installed without apt-get and root: tests against it will be skipped"
			return 0
		fi
		say "installing Debian's $2"
		export DEBIAN_FRONTEND=noninteractive
		apt-get install -y --no-install-recommends "$2" >&2 ||
			{ apt-get update >&2 && apt-get install -y --no-install-recommends "$2" >&2; }
	fi
	echo "$1=$(command -v "$2")"
}

module() {
	if [ ! -x "$cache/prometheus" ] || [ ! -x "$cache/promtool" ]; then
		say "building prometheus and promtool $version into $cache: four minutes on two idle cores"
		mkdir -p "$cache/new"
		# remove_all_sd leaves out service discovery and its dependencies; outside the module, so that go.mod is not asked.
		(cd / && GOBIN="$cache/new" GOFLAGS= nice go install -tags remove_all_sd \
			"github.com/prometheus/prometheus/cmd/prometheus@$version" "github.com/prometheus/prometheus/cmd/promtool@$version" >&2)
		mv "$cache/new/prometheus" "$cache/new/promtool" "$cache" # whole or not at all
		rmdir "$cache/new"
	fi
	echo "TIDEWATCH_PROMETHEUS_3=$cache/prometheus"
}

"$(dirname "$0")/backends.sh" victoria-metrics
debian TIDEWATCH_PROMETHEUS_2 prometheus
debian TIDEWATCH_ALERTMANAGER prometheus-alertmanager
module
