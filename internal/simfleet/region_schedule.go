package simfleet

import (
	"fmt"
	"slices"
	"time"
)

// strikes are the kinds of incident, each drawn once in the week.
var strikes = []func(d *draw) (s strike, length time.Duration){
	zoneNetwork, slowStore, badRollout, greyNode, noisyNeighbour, fullDisk, missingUsers, crowd, leak, lostCache, nameServer, stuckConsumer,
	expiredCertificate, slowVolumes, badFlag, badProxy,
}

// draw chooses what is struck.
type draw struct{ r *Region }

// size is about mean, up to a fifth more or less.
func (d draw) size(mean float64) float64 { return mean * (0.8 + 0.4*d.r.rand.Float64()) }

func (d draw) one(from []*app) *app { return from[d.r.rand.IntN(len(from))] }
func (d draw) vm() *vm              { return d.r.vms[d.r.rand.IntN(len(d.r.vms))] }
func (d draw) zone() string         { return zones[d.r.rand.IntN(len(zones))] }

func (d draw) apps(want func(*app) bool) (out []*app) {
	for _, a := range d.r.apps {
		if want(a) {
			out = append(out, a)
		}
	}
	return out
}

func (d draw) at(t tier) []*app { return d.apps(func(a *app) bool { return a.tier == t }) }

// popular are the services of a tier that others call, the half that most do.
func (d draw) popular(t tier) []*app {
	all := d.at(t)
	slices.SortStableFunc(all, func(a, b *app) int { return len(b.callers) - len(a.callers) })
	return all[:(len(all)+1)/2]
}

// team are the services of the team of a random inner one.
func (d draw) team() (string, []*app) {
	name := d.one(d.at(inner)).namespace
	return name, d.apps(func(a *app) bool { return a.namespace == name })
}

func set(apps ...*app) map[*app]bool {
	out := map[*app]bool{}
	for _, a := range apps {
		out[a] = true
	}
	return out
}

func named(name, kind, size string, hits ...blow) strike {
	return strike{Incident: Incident{Name: name, Kind: kind, Size: size}, hits: hits}
}

// schedule gives each kind a part of the week, in an order that the seed decides, but the noisy neighbour: it begins within a quarter of an
// hour of the bad roll-out, which has nothing to do with it.
func (r *Region) schedule() {
	d := &draw{r}
	order := r.rand.Perm(len(strikes))
	from := r.opts.FaultStart
	part := 7 * 24 * time.Hour / time.Duration(len(strikes)-1)
	at := map[int]time.Time{}
	n := 0
	lengths := make([]time.Duration, len(strikes))
	all := make([]strike, len(strikes))
	for i, draw := range strikes {
		all[i], lengths[i] = draw(d)
	}
	for _, i := range order {
		if i == coincident {
			continue
		}
		free := part - lengths[i] - 90*time.Minute
		at[i] = from.Add(time.Duration(n)*part + 30*time.Minute + time.Duration(r.rand.Float64()*float64(free)))
		n++
	}
	at[coincident] = at[coincidesWith].Add(time.Duration(r.rand.IntN(15)) * time.Minute)
	for i := range all {
		all[i].Start, all[i].End = at[i].UnixMilli(), at[i].Add(lengths[i]).UnixMilli()
		r.faults = append(r.faults, all[i])
	}
	slices.SortFunc(r.faults, func(a, b strike) int { return int(a.Start - b.Start) })
}

// Indices of strikes.
const (
	coincidesWith = 2
	coincident    = 4
)

func percent(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }
