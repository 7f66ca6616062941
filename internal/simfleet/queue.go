package simfleet

import (
	"math"
)

// queues is a message broker with a few queues.
type queues struct {
	target *target
	list   []*queue
}

type queue struct {
	name    string
	kind    kind
	depth   float64 // mean messages waiting
	nightly float64 // messages put in at 02:30
	surge   float64 // what is left of them
	noise   *ar
	waiting *cell
	acked   *cell
	held    float64
}

func newQueues(f *Fleet) *queues {
	q := &queues{target: f.newTarget("job", "rabbitmq", "instance", "rabbitmq:15692")}
	for _, spec := range []queue{
		{name: "orders", kind: consumer, depth: 60},
		{name: "emails", kind: machine, depth: 140},
		{name: "exports", kind: office, depth: 30, nightly: 400},
	} {
		spec.noise = f.newAR(0.2, 480, "queue", spec.name)
		spec.waiting = q.target.add("queue_depth", "queue", spec.name)
		spec.acked = q.target.add("queue_messages_acked_total", "queue", spec.name)
		q.list = append(q.list, &spec)
	}
	return q
}

func (q *queues) advance(f *Fleet, k tick) {
	for _, one := range q.list {
		one.advance(f, k)
	}
}

func (q *queue) advance(f *Fleet, k tick) {
	minute := k.local.Hour()*60 + k.local.Minute()
	if since := minute - 150; since >= 0 && float64(since)*60 < k.dt {
		q.surge = q.nightly
	}
	q.surge *= math.Exp(-k.dt / 900)
	depth := q.depth*k.load[q.kind]*math.Exp(q.noise.next(k.dt)) + q.surge + q.depth*f.knob("queue/"+q.name, k.t)
	if f.knob("stuck/"+q.name, k.t) == 0 {
		q.held = math.Round(depth)
	}
	q.waiting.v = q.held
	q.acked.v += math.Round(q.depth * k.load[q.kind] * k.dt / 2)
}
