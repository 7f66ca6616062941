// Package events finds deploys, restarts and rollouts in metrics that are there anyway: labels of build_info that change,
// process_start_time_seconds that rises, generations that kube-state-metrics exports. It is pure: blocks of evaluated points in,
// events out, the same however a range is cut into blocks.
package events
