package configs

import "strings"

var interactivitySecrets = []string{"signing_secret", "signing_secret_file", "socket_token", "socket_token_file"}

// checkInteractivity: an app gets what people do either at its endpoint or through Socket Mode, and a webhook's message has no buttons.
func checkInteractivity(s scope, c SlackConfig) {
	var set []string
	for _, name := range interactivitySecrets {
		if s.has(name) {
			set = append(set, name)
		}
	}
	switch {
	case len(set) > 1:
		s.at(set[1]).wrong("is set beside "+set[0], "set signing_secret_file (Slack calls an endpoint) or socket_token_file (Socket Mode, no public URL)")
	case len(set) == 1 && c.Webhook():
		s.at(set[0]).wrong("a webhook's messages have no buttons", "use a bot token: app_token_file")
	case strings.HasPrefix(string(c.SocketToken), "xoxb-"):
		s.at("socket_token").wrong("is a bot token", "Socket Mode needs an app-level token, which begins with xapp-")
	}
}
