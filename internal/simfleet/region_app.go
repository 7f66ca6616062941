package simfleet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// tier says how deep a service lies: it calls only deeper ones.
type tier int

const (
	edge tier = iota
	inner
	base // stores, caches, brokers: they call nobody, and their pods keep their names
)

// app is one service.
type app struct {
	name, namespace string
	kind            kind
	tier            tier
	rate            float64 // requests per second, all pods, in an average hour
	own             float64 // 99th percentile of the time without what is called, seconds
	errors          float64 // share
	cpu             float64 // cores of a pod in an average hour
	memory          float64 // of a pod, bytes
	calls, callers  []*app
	pods            []*replica
	born            int // pods so far
	shift, bulk     float64
	rng             *rand.Rand
	demandAR        *ar
	failAR          *ar
	slowAR          *ar
	noise           struct{ demand, fail, slow float64 } // factors of this round
	rolling         []*replica                           // still to be replaced
	day             int
	at              int64 // of today's deploy

	demand, latency, failing float64 // of this round: relative to an average hour; seconds; share
	usual                    float64 // latency of an average hour
}

const (
	waitShare   = 0.6 // of the 99th percentile of a callee's time that is in its caller's
	failShare   = 0.5 // of a callee's additional errors that its caller passes on
	appsPerTeam = 5
)

var (
	teams = []string{"shop", "media", "pay", "search", "ads", "maps", "mail", "logistics", "identity", "data"}
	words = []string{"cart", "offers", "stock", "price", "orders", "users", "events", "feed", "geo", "quota", "rank", "index", "media", "notify", "ledger", "audit"}
)

// newApps makes a third of the services edge, half inner and the rest base. Every third inner service of a team is called by other teams,
// too.
func (r *Region) newApps() {
	n := r.opts.Services
	for i := range n {
		t := inner
		switch {
		case i < n*3/10:
			t = edge
		case i >= n-max(3, n*2/10):
			t = base
		}
		r.apps = append(r.apps, r.newApp(i, t))
	}
	for i, a := range r.apps {
		if a.tier == base {
			continue
		}
		for _, c := range r.callees(i) {
			a.calls = append(a.calls, c)
			c.callers = append(c.callers, a)
		}
	}
}

func (r *Region) newApp(i int, t tier) *app {
	teamCount := max(2, (r.opts.Services+appsPerTeam-1)/appsPerTeam)
	team := teams[i%teamCount%len(teams)]
	if k := i % teamCount / len(teams); k > 0 {
		team = fmt.Sprintf("%s-%d", team, k+1)
	}
	name := fmt.Sprintf("%s-%s", words[i%len(words)], [...]string{"web", "svc", "db"}[t])
	if k := i / len(words); k > 0 {
		name = fmt.Sprintf("%s%d", name, k+1)
	}
	a := &app{
		name: name, namespace: team, tier: t, kind: kind(i % 2), shift: 1, bulk: 1, rng: r.rng("app", name),
		demandAR: r.newAR(0.05, 1200, name, "demand"),
		failAR:   r.newAR(0.20, 1200, name, "errors"),
		slowAR:   r.newAR(0.05, 1200, name, "latency"),
	}
	a.rate = 80 * math.Exp(0.7*a.rng.NormFloat64())
	a.own = [...]float64{0.060, 0.035, 0.012}[t] * math.Exp(0.4*a.rng.NormFloat64())
	a.errors = 0.003 * math.Exp(0.5*a.rng.NormFloat64())
	a.cpu = 0.35 * math.Exp(0.25*a.rng.NormFloat64())
	a.memory = 400 * mib * math.Exp(0.5*a.rng.NormFloat64())
	return a
}

// callees draws whom service i calls: one to three deeper ones, mostly of its own team, and one base service.
func (r *Region) callees(i int) (out []*app) {
	a := r.apps[i]
	var near, far, stores []*app
	for _, b := range r.apps[i+1:] {
		switch {
		case b.tier == base:
			stores = append(stores, b)
		case b.tier != inner:
		case b.namespace == a.namespace:
			near = append(near, b)
		default:
			far = append(far, b)
		}
	}
	draw := func(from []*app, n int) {
		for _, j := range a.rng.Perm(len(from))[:min(n, len(from))] {
			out = append(out, from[j])
		}
	}
	draw(near, 2)
	if a.rng.Float64() < 0.4 {
		draw(far, 1)
	}
	draw(stores, 1)
	return out
}

func (a *app) breathe(k tick) {
	a.noise.demand = math.Exp(a.demandAR.mean(k.dt))
	a.noise.fail = math.Exp(a.failAR.mean(k.dt))
	a.noise.slow = math.Exp(a.slowAR.mean(k.dt))
}

// deployShare of the days from Monday to Thursday has a deploy of a service.
const deployShare = 0.15

// roll replaces two pods in a round while a deploy is under way, and begins one where one is due.
func (a *app) roll(r *Region, k tick) {
	if day := k.local.YearDay(); day != a.day {
		a.day, a.at = day, a.plan(k)
	}
	if a.at != 0 && k.t >= a.at {
		a.at = 0
		if !r.struck(k.t-hour, k.t+hour) {
			a.deploy()
		}
	}
	for range min(2, len(a.rolling)) {
		a.replace(r, a.rolling[0])
		a.rolling = a.rolling[1:]
	}
}

// plan draws whether and when the service is deployed today. The draws are the same number on every day.
func (a *app) plan(k tick) int64 {
	p, at := a.rng.Float64(), a.rng.Float64()
	if d := k.local.Weekday(); a.tier == base || p > deployShare || d < time.Monday || d > time.Thursday {
		return 0
	}
	y, m, d := k.local.Date()
	return time.Date(y, m, d, 10, 0, 0, 0, k.local.Location()).UnixMilli() + int64(at*6*3600)*1000
}

func (a *app) deploy() {
	a.shift = math.Exp(0.02 * a.rng.NormFloat64())
	a.bulk = math.Exp(0.03 * a.rng.NormFloat64())
	a.rolling = append(a.rolling[:0:0], a.pods...)
}

// replace takes a pod away and starts another in the same zone, on the node that has the fewest.
func (a *app) replace(r *Region, old *replica) {
	for i, p := range a.pods {
		if p != old {
			continue
		}
		p.leaving = true
		p.vm.drop(p)
		to := p.vm
		for _, v := range r.vms {
			if v.zone == to.zone && len(v.pods) < len(to.pods) {
				to = v
			}
		}
		a.pods[i] = a.newReplica(r, to, i)
		a.pods[i].born = r.next
		return
	}
}
