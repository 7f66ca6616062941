package simfleet

import (
	"fmt"
	"math"
	"strconv"
)

const (
	nodeCount   = 6
	cpusPerNode = 2
	gib         = 1 << 30
	memoryTotal = 16 * gib
	rootSize    = 100 * gib
	dataSize    = 1000 * gib
)

// node is one machine as node_exporter shows it.
type node struct {
	name    string
	target  *target
	base    float64 // CPU utilisation at no load
	perLoad float64 // CPU utilisation at the load of an average hour
	mix     kind    // whose load it mostly carries
	busy    *ar
	uneven  *ar
	memory  *ar
	traffic *ar
	disk    *ar
	cpu     [cpusPerNode][len(cpuModes)]*cell
	memFree *cell
	rootFs  *cell
	dataFs  *cell
	rx, tx  *cell
	load1   *cell
}

// cpuModes with the share of the busy time that each takes; idle gets the rest.
var cpuModes = [...]struct {
	name  string
	share float64
}{{"user", 0.68}, {"system", 0.24}, {"iowait", 0.08}, {"idle", 0}}

func newNode(f *Fleet, i int) *node {
	name := fmt.Sprintf("node-%d", i)
	n := &node{
		name: name, base: 0.08 + 0.01*float64(i), perLoad: 0.14 + 0.02*float64(i%3), mix: kind(i % 2),
		target:  f.newTarget("job", "node", "instance", name+":9100"),
		busy:    f.newAR(0.025, 480, name, "cpu"),
		uneven:  f.newAR(0.02, 180, name, "uneven"),
		memory:  f.newAR(0.012, 5400, name, "memory"),
		traffic: f.newAR(0.10, 300, name, "network"),
		disk:    f.newAR(0.0006, 1800, name, "disk"),
	}
	tg := n.target
	for c := range n.cpu {
		for m, mode := range cpuModes {
			n.cpu[c][m] = tg.add("node_cpu_seconds_total", "cpu", strconv.Itoa(c), "mode", mode.name)
		}
	}
	tg.add("node_memory_MemTotal_bytes").v = memoryTotal
	n.memFree = tg.add("node_memory_MemAvailable_bytes")
	n.rootFs, n.dataFs = n.filesystem("/", rootSize), n.filesystem("/data", dataSize)
	n.rx = tg.add("node_network_receive_bytes_total", "device", "eth0")
	n.tx = tg.add("node_network_transmit_bytes_total", "device", "eth0")
	n.load1 = tg.add("node_load1")
	return n
}

func (n *node) filesystem(mount string, size float64) *cell {
	n.target.add("node_filesystem_size_bytes", "mountpoint", mount, "fstype", "ext4").v = size
	return n.target.add("node_filesystem_avail_bytes", "mountpoint", mount, "fstype", "ext4")
}

func (n *node) advance(f *Fleet, k tick) {
	demand := 0.7*k.load[n.mix] + 0.3*k.load[machine]
	n.target.frozen = f.knob("stuck/"+n.name, k.t) > 0
	busy := n.base + n.perLoad*demand + n.busy.next(k.dt) + f.batches.cpuOn(n.name) + f.knob("cpu/"+n.name, k.t)
	n.countCPU(k, busy)
	n.load1.v = math.Round(100*cpusPerNode*clamp(busy, 0.02, 2)*1.15) / 100

	used := 0.42 + 0.10*demand + n.memory.next(k.dt) + f.knob("memory/"+n.name, k.t)
	n.memFree.v = page(memoryTotal * (1 - clamp(used, 0.05, 0.98)))
	n.fillDisks(f, k)
	n.countNetwork(f, k, demand)
}

func (n *node) countCPU(k tick, busy float64) {
	skew := n.uneven.next(k.dt)
	for c := range n.cpu {
		b := clamp(busy+skew, 0.01, 0.985)
		skew = -skew
		for m, mode := range cpuModes {
			share := mode.share * b
			if mode.name == "idle" {
				share = 1 - b
			}
			n.cpu[c][m].v += math.Round(100*share*k.dt) / 100 // the kernel counts in hundredths
		}
	}
}

// fillDisks: the root disk gathers logs until they are rotated at 03:30; the data disk fills through the week until the
// clean-up on Sunday at 04:00.
func (n *node) fillDisks(f *Fleet, k tick) {
	hour := float64(k.local.Hour()) + float64(k.local.Minute())/60
	sinceRotation := math.Mod(hour-3.5+24, 24)
	day := float64((int(k.local.Weekday())*24+24*7-4)%168) + hour
	sinceCleanup := math.Mod(day, 168) / 24
	noise := n.disk.next(k.dt)
	root := 0.58 - 0.03*sinceRotation/24 + noise
	data := 0.52 - 0.011*sinceCleanup + noise - f.knob("disk/"+n.name, k.t)
	n.rootFs.v = page(rootSize * clamp(root, 0, 1))
	n.dataFs.v = page(dataSize * clamp(data, 0.004, 1))
}

func (n *node) countNetwork(f *Fleet, k tick, demand float64) {
	noise := n.traffic.next(k.dt) * (1 + f.knob("jitter/"+n.name, k.t))
	rate := 9e6 * demand * math.Exp(noise) * (1 - f.knob("network/"+n.name, k.t))
	n.rx.v += math.Round(rate * k.dt)
	n.tx.v += math.Round(1.6 * rate * k.dt)
}

func page(bytes float64) float64 { return math.Floor(bytes/4096) * 4096 }
