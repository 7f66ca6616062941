package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/tidewatch/tidewatch/alerting"
)

// Acknowledgement says who looks after an incident.
type Acknowledgement struct {
	By      string `json:"by" doc:"Who, and where in parentheses."`
	Time    Time   `json:"at" doc:"Since when."`
	Comment string `json:"comment,omitempty" doc:"Why."`
}

// Incident is one open incident: alarms of one group at one receiver.
type Incident struct {
	Key          string            `json:"key" doc:"Identity, that of its message."`
	Receiver     string            `json:"receiver" doc:"Where it is told."`
	Group        labels.Labels     `json:"group_labels" doc:"What its alarms have in common by the route's group_by."`
	Posted       bool              `json:"posted" doc:"Whether a message about it exists."`
	Since        Time              `json:"since" doc:"When the oldest of its open alarms began."`
	Alarms       []string          `json:"alarms" doc:"Ids of its open alarms, the most severe first."`
	Hidden       int               `json:"hidden" minimum:"0" doc:"How many of them are silenced or otherwise hidden."`
	Acknowledged []Acknowledgement `json:"acknowledged" doc:"One entry where somebody looks after it, else none."`
	Cause        []IncidentCause   `json:"cause" doc:"One entry where alarms of it were found to have one cause, else none."`
	Company      []IncidentCompany `json:"company" doc:"One entry where groups joined it by their time and labels, else none."`
}

// IncidentCause is what was found of the alarms of an incident when the newest of them was raised.
type IncidentCause struct {
	Members []string     `json:"members" doc:"IDs of the alarms, by onset."`
	First   []string     `json:"first" doc:"IDs of those that moved first."`
	Onset   Time         `json:"onset" doc:"When the first moved."`
	Labels  []CauseLabel `json:"labels" doc:"What all members share and at most a tenth of the quiet series have, the rarest first."`
	P       Value        `json:"p_value" doc:"Chance that alarms so much in step before the trouble are unrelated, from 999 circular shifts."`
	LeftOut int          `json:"alarms_left_out" minimum:"0" doc:"Alarms of that time that were not compared."`
}

// IncidentCompany is the weakest reason for which a group was told with others.
type IncidentCompany struct {
	Groups   int    `json:"groups" minimum:"1" doc:"Groups that the incident has."`
	Label    string `json:"label" doc:"What they share, as name=value; empty where it is only the time."`
	Share    Value  `json:"share" doc:"Share of the series of a detector that have that label, on average over the detectors; 1 without one."`
	Expected Value  `json:"expected" doc:"Unrelated groups that were to be expected, at most 1/64."`
}

// IncidentList is the answer of GET /api/v1/incidents.
type IncidentList struct {
	Incidents []Incident `json:"incidents" doc:"Open ones, by key."`
}

// PostAcknowledge is the body that acknowledges an incident.
type PostAcknowledge struct {
	By      string `json:"by" doc:"Who asks."`
	Comment string `json:"comment,omitempty" doc:"Why."`
}

// Changed is the identity of what a request created or changed.
type Changed struct {
	ID string `json:"id" doc:"Identity."`
}

func (s *server) incidents(ctx context.Context, a *args) (answer, error) {
	if err := a.err(); err != nil {
		return answer{}, err
	}
	if s.opts.Controls == nil {
		return answer{}, errNoControls
	}
	all, err := s.opts.Controls.Incidents(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("reading incidents: %w", err)
	}
	out := make([]Incident, len(all))
	for i, in := range all {
		out[i] = Incident{
			Key: in.Key, Receiver: in.Receiver, Group: in.Group, Posted: in.Posted, Since: Time(in.StartsAt), Alarms: orEmpty(in.Alarms),
			Hidden: in.Hidden, Acknowledged: []Acknowledgement{}, Cause: []IncidentCause{}, Company: []IncidentCompany{},
		}
		if k := in.Acknowledgement; k != nil {
			out[i].Acknowledged = append(out[i].Acknowledged, Acknowledgement{k.By.String(), Time(k.At), k.Comment})
		}
		if in.Cause != nil {
			out[i].Cause = append(out[i].Cause, incidentCause(in.Cause))
		}
		if c := in.Company; c != nil {
			x := IncidentCompany{Groups: in.Groups, Share: Value(c.Share), Expected: Value(c.Expected)}
			if c.Label != nil {
				x.Label = c.Label.Name + "=" + c.Label.Value
			}
			out[i].Company = append(out[i].Company, x)
		}
	}
	return answer{data: IncidentList{out}}, nil
}

func incidentCause(c *alerting.SharedCause) IncidentCause {
	x := IncidentCause{Members: orEmpty(c.Members), First: orEmpty(c.First), Onset: Time(c.Onset), Labels: []CauseLabel{}, P: Value(c.P), LeftOut: c.LeftOut}
	for _, l := range c.Labels {
		x.Labels = append(x.Labels, CauseLabel{Name: l.Name, Value: l.Value, Quiet: l.Quiet})
	}
	return x
}

func (s *server) acknowledge(r *http.Request, a *args) (answer, error) {
	var p PostAcknowledge
	if err := body(r, &p); err != nil {
		return answer{}, err
	}
	id, err := s.control(r, asked{p.By, p.Comment}, alerting.Control{Kind: alerting.ControlAcknowledge, Target: a.text("id")})
	return answer{data: Changed{id}}, err
}

func (s *server) unacknowledge(r *http.Request, a *args) (answer, error) {
	id, err := s.control(r, asked{a.text("by"), a.text("comment")}, alerting.Control{Kind: alerting.ControlUnacknowledge, Target: a.text("id")})
	return answer{data: Changed{id}}, err
}
