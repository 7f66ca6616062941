// Package integration tests the whole product against real Prometheus servers: the binary, its service on a virtual clock and
// the remote-read client, with Slack's HTTP protocol at the other end. It has tests only, behind the build tag integration:
//
//	internal/integration/servers.sh                                    # once: installs and builds the servers
//	go test -tags integration -timeout 15m -v ./internal/integration
//
// Two servers are tested, Debian's Prometheus 2.42 and a 3.16 built from its module. TIDEWATCH_PROMETHEUS_2 and
// TIDEWATCH_PROMETHEUS_3 name their binaries; without them the PATH and the cache of servers.sh are looked at. A server that is
// missing skips its tests, unless TIDEWATCH_INTEGRATION=required. The Numenta Anomaly Benchmark is read from
// TIDEWATCH_DATA/nab, by default ../shared/data beside the repository; where it is missing its tests are skipped.
//
// The detection run writes its figures as JSON to the file that TIDEWATCH_REPORT names.
package integration
