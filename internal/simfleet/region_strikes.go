package simfleet

import (
	"fmt"
	"time"
)

func zoneNetwork(d *draw) (strike, time.Duration) {
	zone, slow, errors, loss := d.zone(), d.size(1.5), d.size(0.05), d.size(0.35)
	return named("zone-network", "network of a zone", fmt.Sprintf("zone %s: %s of the packets lost, times × %.1f, %s more errors", zone, percent(loss), 1+slow, percent(errors)),
		blow{zone: zone, effect: effect{slow: slow, errors: errors}},
		blow{zone: zone, effect: effect{loss: loss, node: true}}), 45 * time.Minute
}

func slowStore(d *draw) (strike, time.Duration) {
	a, slow := d.one(d.popular(base)), d.size(8)
	return named("store-slow", "cascade from a store", fmt.Sprintf("%s: times × %.1f, and all that wait for it", a.name, 1+slow),
		blow{apps: set(a), effect: effect{slow: slow}}), time.Hour
}

func badRollout(d *draw) (strike, time.Duration) {
	a, errors, cpu := d.one(d.popular(inner)), d.size(0.12), d.size(0.7)
	s := named("bad-rollout", "deploy of a bad version", fmt.Sprintf("%s: %s more errors, CPU × %.1f", a.name, percent(errors), 1+cpu),
		blow{apps: set(a), effect: effect{errors: errors, cpu: cpu, slow: 0.6}})
	s.deploy = a
	return s, 50 * time.Minute
}

func greyNode(d *draw) (strike, time.Duration) {
	v, slow := d.vm(), d.size(3)
	return named("node-grey", "failing node", fmt.Sprintf("%s: its pods' times × %.1f, some errors, its disk busy", v.name, 1+slow),
		blow{vm: v, effect: effect{slow: slow, errors: 0.05}},
		blow{vm: v, effect: effect{io: 0.5, node: true}}), time.Hour
}

func noisyNeighbour(d *draw) (strike, time.Duration) {
	v, slow, cpu := d.vm(), d.size(1.4), d.size(0.4)
	return named("noisy-neighbour", "noisy neighbour", fmt.Sprintf("%s: +%.0f points of CPU, its pods' times × %.1f", v.name, 100*cpu, 1+slow),
		blow{vm: v, effect: effect{slow: slow}},
		blow{vm: v, effect: effect{cpu: cpu, node: true}}), 90 * time.Minute
}

func fullDisk(d *draw) (strike, time.Duration) {
	v, disk := d.vm(), d.size(0.4)
	s := named("disk-filling", "disk filling", fmt.Sprintf("%s: +%.0f points in 5 h, writes fail more and more", v.name, 100*disk),
		blow{vm: v, effect: effect{disk: disk, io: 0.15, node: true}},
		blow{vm: v, effect: effect{errors: 0.10}})
	s.shape = ramp
	return s, 5 * time.Hour
}

func missingUsers(d *draw) (strike, time.Duration) {
	drop := d.size(0.55)
	return named("users-missing", "traffic drop", fmt.Sprintf("%s of all requests from outside missing", percent(drop)),
		blow{apps: set(d.at(edge)...), effect: effect{drop: drop}}), 40 * time.Minute
}

func crowd(d *draw) (strike, time.Duration) {
	team, apps := d.team()
	surge := d.size(1.6)
	return named("crowd", "traffic surge", fmt.Sprintf("%s: each service gets × %.1f of what its callers ask", team, 1+surge),
		blow{apps: set(apps...), effect: effect{surge: surge, slow: 0.5}}), time.Hour
}

func leak(d *draw) (strike, time.Duration) {
	a, more := d.one(d.at(inner)), d.size(1.2)
	s := named("leak", "memory leak", fmt.Sprintf("%s: linear to × %.1f in 6 h, then killed", a.name, 1+more), blow{apps: set(a), effect: effect{leak: more}})
	s.shape = ramp
	return s, 6 * time.Hour
}

func lostCache(d *draw) (strike, time.Duration) {
	a, slow := d.one(d.popular(base)), d.size(2)
	return named("cache-lost", "cold cache", fmt.Sprintf("callers of %s: times × %.1f, CPU × 1.5; %s: × 3 requests", a.name, 1+slow, a.name),
		blow{apps: set(a.callers...), effect: effect{slow: slow, cpu: 0.5}},
		blow{apps: set(a), effect: effect{surge: 2, slow: 1}}), 40 * time.Minute
}

func nameServer(d *draw) (strike, time.Duration) {
	slow, errors := d.size(1.2), d.size(0.06)
	return named("dns", "name server", fmt.Sprintf("all services: times × %.1f, %s more errors", 1+slow, percent(errors)),
		blow{apps: set(d.r.apps...), effect: effect{slow: slow, errors: errors}}), 25 * time.Minute
}

func stuckConsumer(d *draw) (strike, time.Duration) {
	q := d.r.queues[d.r.rand.IntN(len(d.r.queues))]
	drop := d.size(0.75)
	s := named("consumer-stuck", "queue not consumed", fmt.Sprintf("%s: to 30 times its depth; %s does %s less", q.name, q.app.name, percent(drop)),
		blow{apps: set(q.app), effect: effect{queue: 30, drop: drop}})
	s.shape = drain
	return s, 90 * time.Minute
}

func expiredCertificate(d *draw) (strike, time.Duration) {
	a, errors := d.one(d.popular(base)), d.size(0.3)
	return named("certificate", "expired certificate", fmt.Sprintf("%s: %s errors, half of them passed on", a.name, percent(errors)),
		blow{apps: set(a), effect: effect{errors: errors}}), 35 * time.Minute
}

func slowVolumes(d *draw) (strike, time.Duration) {
	zone, slow, io := d.zone(), d.size(6), d.size(0.4)
	return named("volumes", "storage of a zone", fmt.Sprintf("zone %s: disks +%.0f points busy, times of stores × %.1f", zone, 100*io, 1+slow),
		blow{zone: zone, apps: set(d.at(base)...), effect: effect{slow: slow}},
		blow{zone: zone, effect: effect{io: io, node: true}}), 50 * time.Minute
}

func badFlag(d *draw) (strike, time.Duration) {
	team, apps := d.team()
	cpu := d.size(0.9)
	return named("flag", "feature flag", fmt.Sprintf("%s: CPU × %.1f, times × 1.5", team, 1+cpu),
		blow{apps: set(apps...), effect: effect{cpu: cpu, slow: 0.5}}), 75 * time.Minute
}

func badProxy(d *draw) (strike, time.Duration) {
	team, apps := d.team()
	slow := d.size(1.5)
	return named("proxy", "service mesh", fmt.Sprintf("%s: times × %.1f, 2 %% more errors", team, 1+slow),
		blow{apps: set(apps...), effect: effect{slow: slow, errors: 0.02}}), 40 * time.Minute
}
