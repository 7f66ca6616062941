package simfleet

import (
	"fmt"
	"math"
	"slices"
)

// vm is one node with the pods on it.
type vm struct {
	name, zone string
	target     *target
	pods       []*replica
	busy       *ar
	slowness   *ar
	used       *ar
	waits      *ar
	net        *ar
	fill       *ar
	noise      struct{ busy, slow, used, io, net, fill float64 } // of this round

	cpu, memory, io, disk, network float64 // of this round: shares; bytes per second
	cells                          struct{ cpu, memory, io, disk, network *cell }
}

const vmCores = 8

func newVM(r *Region, i int) *vm {
	name := fmt.Sprintf("node-%02d", i+1)
	v := &vm{
		name: name, zone: zones[i%len(zones)],
		busy: r.newAR(0.015, 900, name, "cpu"), slowness: r.newAR(0.02, 1200, name, "slow"), used: r.newAR(0.01, 5400, name, "memory"),
		waits: r.newAR(0.15, 900, name, "io"), net: r.newAR(0.08, 900, name, "network"), fill: r.newAR(0.002, 3600, name, "disk"),
	}
	tg := r.newTarget("job", "node", "instance", name+":9100", "node", name, "zone", v.zone)
	v.target = tg
	v.cells.cpu = tg.add("instance:node_cpu_utilisation:rate5m")
	v.cells.memory = tg.add("instance:node_memory_utilisation:ratio")
	v.cells.io = tg.add("instance_device:node_disk_io_time_seconds:rate5m")
	v.cells.disk = tg.add("instance:node_filesystem_used:ratio", "mountpoint", "/var")
	v.cells.network = tg.add("instance:node_network_receive_bytes:rate5m")
	return v
}

func (v *vm) drop(p *replica) {
	v.pods = slices.DeleteFunc(v.pods, func(q *replica) bool { return q == p })
}

func (v *vm) breathe(k tick) {
	v.noise.busy = v.busy.mean(k.dt)
	v.noise.slow = math.Exp(v.slowness.mean(k.dt))
	v.noise.used = v.used.mean(k.dt)
	v.noise.io = math.Exp(v.waits.mean(k.dt))
	v.noise.net = math.Exp(v.net.mean(k.dt))
	v.noise.fill = v.fill.mean(k.dt)
}

// carry computes what the node has of its pods' round.
func (v *vm) carry(r *Region) {
	requests, memory := 0.0, 0.0
	for _, p := range v.pods {
		requests += p.requests
		memory += p.memory
	}
	x := r.onVM(v)
	v.memory = clamp(0.25+memory/(16*gib)+v.noise.used, 0.05, 0.98)
	v.io = clamp((0.04+0.0002*requests)*v.noise.io+x.io, 0, 1)
	v.network = (2e4*requests + 1e5) * v.noise.net * (1 - x.loss)
	v.disk = v.noise.fill + x.disk
}

func (v *vm) show(k tick) {
	v.cells.cpu.v = clamp(v.cpu, 0.01, 1)
	v.cells.memory.v = v.memory
	v.cells.io.v = v.io
	v.cells.network.v = math.Round(v.network)
	// Logs gather until they are rotated at 03:30.
	hour := float64(k.local.Hour()) + float64(k.local.Minute())/60
	v.cells.disk.v = clamp(0.45+0.05*math.Mod(hour-3.5+24, 24)/24+v.disk, 0, 1)
}

// backlog is a queue in front of a service.
type backlog struct {
	app     *app
	name    string
	depth   float64 // in an average hour
	noise   *ar
	waiting *cell
}

// newBacklogs puts a queue before every third inner service.
func (r *Region) newBacklogs() {
	tg := r.newTarget("job", "broker", "instance", "broker-0:15692")
	n := 0
	for _, a := range r.apps {
		if a.tier != inner {
			continue
		}
		if n++; n%3 != 1 {
			continue
		}
		q := &backlog{app: a, name: a.name + ".in", depth: 120 * math.Exp(0.5*r.rand.NormFloat64()), noise: r.newAR(0.2, 900, a.name, "queue")}
		q.waiting = tg.add("queue_depth", "queue", q.name, "namespace", a.namespace)
		r.queues = append(r.queues, q)
	}
}

func (q *backlog) show(r *Region, k tick) {
	depth := q.depth * (q.app.demand*math.Exp(q.noise.mean(k.dt)) + r.onApp(q.app).queue)
	q.waiting.v = math.Round(depth)
}
