package configs

// rawRoute is a node of the routing tree with its children in `routes`, as in Alertmanager: an alarm goes down the first child that matches, and a child inherits what it leaves out.
type rawRoute struct {
	// Receiver of what no child takes. The root must name one.
	Receiver string `yaml:"receiver" default:"=the parent's"`
	// Which alarms go down here, in Alertmanager's syntax: `severity="page"`, `job=~"a|b"`. All must match.
	Matchers []string `yaml:"matchers"`
	// Alarms that agree in these labels make one message. `["..."]` is every label, `[]` none.
	GroupBy []string `yaml:"group_by" default:"=the parent's"`
	// Groups whose alarms have [one cause](incidents.md) make one message, too. `false` groups as Alertmanager does.
	GroupByCause *bool `yaml:"group_by_cause" default:"=the parent's, at the root true"`
	// How long a new group waits for more alarms before its first message. Unless it is given here, a storm is told at once.
	GroupWait duration `yaml:"group_wait" default:"=the parent's, at the root 30s"`
	// Least time between two changes of a message.
	GroupInterval duration `yaml:"group_interval" default:"=the parent's, at the root 5m"`
	// Time after which a message that still holds is repeated.
	RepeatInterval duration `yaml:"repeat_interval" default:"=the parent's, at the root 4h"`
	// Time intervals by name: while one of them holds, the route tells nothing. Not inherited. States go on; what still fires afterwards is told then.
	MuteIntervals []string `yaml:"mute_time_intervals"`
	// Time intervals by name: while none of them holds, the route tells nothing. Not inherited.
	ActiveIntervals []string `yaml:"active_time_intervals"`
	// Let the siblings that follow match as well.
	Continue bool `yaml:"continue" default:"false"`
	// Children.
	Routes []*rawRoute `yaml:"routes"`
}

// rawReceiver is a named list of places that messages go to. One without any drops them.
type rawReceiver struct {
	// Name by which routes refer to it.
	Name string `yaml:"name" required:"true"`
	// Slack channels.
	Slack []rawSlack `yaml:"slack_configs"`
	// Alertmanagers.
	Alertmanager []rawAlertmanager `yaml:"alertmanager_configs"`
	// Anything that understands Alertmanager's webhooks.
	Webhook []rawWebhook `yaml:"webhook_configs"`
	// Tidewatch's own log.
	Log []rawLog `yaml:"log_configs"`
}

// rawSlack is one Slack channel, reached by a bot token (`app_token` or `app_token_file`: posts, edits, threads, charts) or by an incoming webhook (`api_url` or `api_url_file`: posts only).
type rawSlack struct {
	// Channel: `"#oncall"` or its id. A bot needs it; a webhook brings its own.
	Channel string `yaml:"channel"`
	// Bot token (`xoxb-…`). Better kept in a file.
	AppToken Secret `yaml:"app_token"`
	// File with the bot token, read at each use.
	AppTokenFile string `yaml:"app_token_file"`
	// Base URL of Slack's Web API.
	AppURL string `yaml:"app_url" default:"https://slack.com/api/"`
	// URL of an incoming webhook, which is a secret. Better kept in a file.
	APIURL Secret `yaml:"api_url"`
	// File with the URL of an incoming webhook, read at each use.
	APIURLFile string `yaml:"api_url_file"`
	// Signing Secret of the bot's app. With it, messages have buttons, and `POST /api/v1/slack/interactions` takes what people do with them and with `/tidewatch`. Better kept in a file.
	SigningSecret Secret `yaml:"signing_secret"`
	// File with the Signing Secret, read at each use.
	SigningSecretFile string `yaml:"signing_secret_file"`
	// App-level token (`xapp-…`, scope `connections:write`) of the bot's app. With it, messages have buttons, and what people do with them and with `/tidewatch` comes through Socket Mode, which needs no public URL. Better kept in a file.
	SocketToken Secret `yaml:"socket_token"`
	// File with the app-level token, read at each use.
	SocketTokenFile string `yaml:"socket_token_file"`
	// Go template for the first line of an incident's message (see [templates](notifiers/slack.md#templates)). Left out, Tidewatch words it.
	Headline string `yaml:"headline"`
	// Go template for the lines below it. What people did about the incident always stands first.
	Body string `yaml:"body"`
	// Tell when an alarm ends.
	SendResolved bool `yaml:"send_resolved" default:"true"`
	// Limit of one HTTP request.
	Timeout duration `yaml:"timeout" default:"10s"`
	// HTTP settings, as for a source.
	HTTPConfig rawHTTP `yaml:"http_config"`
}

// rawAlertmanager is an Alertmanager, or a cluster of them, to which each alarm is sent as an alert (see [Alertmanager](notifiers/alertmanager.md)).
type rawAlertmanager struct {
	// Base URLs of all replicas, for example `http://alertmanager:9093`. Each is told, as Alertmanager asks of its clients; a load balancer would tell one.
	URLs []string `yaml:"urls" required:"true"`
	// How often what fires is told again. One that is not told for four times as long ends.
	ResendInterval duration `yaml:"resend_interval" default:"1m"`
	// Limit of one HTTP request.
	Timeout duration `yaml:"timeout" default:"10s"`
	// HTTP settings, as for a source.
	HTTPConfig rawHTTP `yaml:"http_config"`
}

// rawWebhook is one address to which each message is posted as Alertmanager's webhook JSON (see [webhooks](notifiers/webhook.md)).
type rawWebhook struct {
	// Where to post. It may hold a secret; better kept in a file then.
	URL Secret `yaml:"url"`
	// File with the URL, read at each use.
	URLFile string `yaml:"url_file"`
	// File with a secret with which each message is signed (HMAC-SHA256, header `X-Tidewatch-Signature`), read at each use.
	HMACSecretFile string `yaml:"hmac_secret_file" default:"=not signed"`
	// Most alerts in a message, 0 for all that it shows (20); `truncatedAlerts` counts the others.
	MaxAlerts int `yaml:"max_alerts" default:"0"`
	// Tell when an alarm ends.
	SendResolved bool `yaml:"send_resolved" default:"true"`
	// Limit of one HTTP request.
	Timeout duration `yaml:"timeout" default:"10s"`
	// HTTP settings, as for a source.
	HTTPConfig rawHTTP `yaml:"http_config"`
}

// rawLog writes messages to Tidewatch's own log.
type rawLog struct {
	// Tell when an alarm ends.
	SendResolved bool `yaml:"send_resolved" default:"true"`
}
