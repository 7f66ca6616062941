package simfleet

import (
	"strings"
	"time"
)

// plan places a fault in the fault week. Day 6 has none.
type plan struct {
	fault
	day, hour, minute int
	length            time.Duration
	detectors         string // separated by blanks
	after             string // detectors that may show its end on the same thing, as where pods are replaced
	labels            []string
}

func fields(s string) []string { return strings.Fields(s) }

var plans = []plan{
	{
		fault: fault{
			Incident: Incident{Name: "checkout-errors", Kind: "error burst after a deploy", Size: "5xx ratio 0.4 % → 6 %"},
			knob:     "errors/checkout", service: "checkout", deploy: true, gain: 0.056,
		},
		hour: 0, minute: 50, length: 40 * time.Minute, detectors: "ErrorRatio", labels: []string{"job", "checkout"},
	},
	{
		fault: fault{
			Incident: Incident{Name: "search-latency", Kind: "latency step", Size: "every request takes 2.4 times as long"},
			knob:     "latency/search", service: "search", gain: 1.4,
		},
		hour: 10, length: 90 * time.Minute, detectors: "LatencyP99", labels: []string{"job", "search"},
	},
	{
		fault: fault{
			Incident: Incident{Name: "payments-drop", Kind: "traffic drop", Size: "65 % of the requests missing"},
			knob:     "traffic/payments", service: "payments", gain: 0.65,
		},
		hour: 18, minute: 30, length: 50 * time.Minute, detectors: "RequestDrop", labels: []string{"job", "payments"},
	},
	{
		fault: fault{
			Incident: Incident{Name: "node-2-cpu", Kind: "CPU saturation", Size: "+55 points of utilisation"},
			knob:     "cpu/node-2", gain: 0.55,
		},
		day: 1, hour: 4, minute: 20, length: time.Hour, detectors: "NodeCPU", labels: []string{"instance", "node-2:9100"},
	},
	{
		fault: fault{
			Incident: Incident{Name: "catalog-leak", Kind: "memory leak", Size: "linear to 2.2 times in 8 h, then killed"},
			knob:     "rss/catalog", service: "catalog", shape: ramp, gain: 1.2,
		},
		day: 1, hour: 9, length: 8 * time.Hour, detectors: "ProcessMemory", labels: []string{"job", "catalog"},
		after: "RequestDrop",
	},
	{
		fault: fault{
			Incident: Incident{Name: "node-4-disk", Kind: "disk filling", Size: "6 points of /data an hour for 6 h, then cleaned"},
			knob:     "disk/node-4", shape: ramp, gain: 0.36,
		},
		day: 2, hour: 2, length: 6 * time.Hour, detectors: "DiskFill",
		labels: []string{"instance", "node-4:9100", "mountpoint", "/data"},
	},
	{
		fault: fault{
			Incident: Incident{Name: "orders-stuck", Kind: "queue not consumed", Size: "linear to 40 times its depth in 60 min, drained in 20"},
			knob:     "queue/orders", shape: drain, gain: 39,
		},
		day: 2, hour: 12, length: 80 * time.Minute, detectors: "QueueDepth", labels: []string{"queue", "orders"},
	},
	{
		fault: fault{
			Incident: Incident{Name: "node-3-jitter", Kind: "variance increase", Size: "noise of the traffic 2.5 times as wide, level unchanged", Subtle: true},
			knob:     "jitter/node-3", gain: 1.5,
		},
		day: 3, hour: 8, length: 3 * time.Hour, detectors: "NetworkTraffic", labels: []string{"instance", "node-3:9100"},
	},
	{
		fault: fault{
			Incident: Incident{Name: "emails-frozen", Kind: "stuck value", Size: "the last depth repeated for 4 h, inside its usual range", Subtle: true},
			knob:     "stuck/emails", gain: 1,
		},
		day: 3, hour: 20, length: 4 * time.Hour, detectors: "QueueDepth", labels: []string{"queue", "emails"},
	},
	{
		fault: fault{
			Incident: Incident{Name: "node-6-network", Kind: "network loss", Size: "95 % of the traffic gone"},
			knob:     "network/node-6", gain: 0.95,
		},
		day: 4, hour: 15, length: 30 * time.Minute, detectors: "NetworkTraffic", labels: []string{"instance", "node-6:9100"},
	},
	{
		fault: fault{
			Incident: Incident{Name: "auth-slower", Kind: "small latency step", Size: "every request takes 1.25 times as long", Subtle: true},
			knob:     "latency/auth", service: "auth", gain: 0.25,
		},
		day: 5, hour: 13, length: 3 * time.Hour, detectors: "LatencyP99", labels: []string{"job", "auth"},
	},
}
