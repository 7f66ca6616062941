package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/tidewatch/tidewatch/alerting"
)

// defaultRetryAfter is used when Slack says "too many" without saying until when.
const defaultRetryAfter = 30 * time.Second

// errNoTS is an answer that says neither ok with a time stamp nor an error: a proxy's page, for instance.
var errNoTS = errors.New("the answer holds no message time stamp")

// hints say what to do about Slack's error codes.
var hints = map[string]string{
	"invalid_auth":                      "the token is not valid: copy the Bot User OAuth Token (xoxb-…) from the app's \"OAuth & Permissions\" page",
	"not_authed":                        "no token was sent: copy the Bot User OAuth Token (xoxb-…) from the app's \"OAuth & Permissions\" page",
	"token_revoked":                     "the token was revoked: reinstall the app and put the new token in place",
	"token_expired":                     "the token has expired: reinstall the app, or turn token rotation off",
	"account_inactive":                  "the bot or its workspace was deactivated: reinstall the app",
	"channel_not_found":                 "check the channel's name or ID; a private channel is found only after /invite of the bot",
	"not_in_channel":                    "invite the bot: type /invite @tidewatch in the channel",
	"is_archived":                       "the channel is archived: unarchive it or name another",
	"channel_is_archived":               "the channel is archived: unarchive it or name another",
	"msg_too_long":                      "the message is longer than Slack allows; please report this",
	"msg_blocks_too_long":               "the message's blocks are longer than Slack allows; please report this",
	"invalid_blocks":                    "Slack does not take the message's blocks; please report this",
	"no_text":                           "the message is empty; please report this",
	"restricted_action":                 "the workspace's settings do not let the bot post here: ask an administrator",
	"cant_update_message":               "the message belongs to another app: was the token replaced by another app's?",
	"edit_window_closed":                "the workspace does not allow late edits: ask an administrator to lift the limit for apps",
	"ekm_access_denied":                 "the workspace's key management forbids posting: ask an administrator",
	"no_service":                        "the incoming webhook was removed or disabled: create a new one",
	"no_active_hooks":                   "the incoming webhook is disabled: create a new one",
	"invalid_token":                     "the webhook's URL is not valid: copy it again",
	"action_prohibited":                 "an administrator restricts posting by webhook",
	"posting_to_general_channel_denied": "an administrator restricts posting to #general",
	"invalid_payload":                   "Slack does not understand the message; please report this",
	"team_disabled":                     "the workspace is disabled",
}

// uncertain are codes after which the request may or may not have been carried out.
var uncertain = map[string]bool{"internal_error": true, "fatal_error": true, "service_unavailable": true}

// code is Slack's error code, "" if err is none.
func code(err error) string {
	var e slack.SlackErrorResponse
	if errors.As(err, &e) {
		return e.Err
	}
	return ""
}

// classify turns the error of a call into what a notifier returns. unknown reports that the call may have been carried out.
func classify(doing string, err error) (unknown bool, out error) {
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		after := limited.RetryAfter
		if after <= 0 {
			after = time.Second
		}
		return false, &alerting.RetryAfterError{After: after, Err: fmt.Errorf("%s: Slack's rate limit is reached", doing)}
	}
	if c := code(err); c != "" {
		return classifyCode(doing, c, err)
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) {
		return classifyStatus(doing, status.Code, explain(err))
	}
	if notSent(err) {
		return false, fmt.Errorf("%s: %s", doing, explain(err))
	}
	return true, unknownOutcome(doing, err)
}

func classifyCode(doing, c string, err error) (unknown bool, out error) {
	switch {
	case c == "ratelimited" || c == "rate_limited" || c == "message_limit_exceeded":
		return false, &alerting.RetryAfterError{After: defaultRetryAfter, Err: fmt.Errorf("%s: %s", doing, explain(err))}
	case uncertain[c]:
		return true, fmt.Errorf("%s: %s (%w)", doing, explain(err), alerting.ErrUnknown)
	case c == "request_timeout":
		return false, fmt.Errorf("%s: %s", doing, explain(err))
	}
	return false, alerting.Permanent(fmt.Errorf("%s: %s", doing, explain(err)))
}

// classifyStatus judges an HTTP status other than 200 by what the text says of it.
func classifyStatus(doing string, status int, text string) (unknown bool, out error) {
	switch {
	case status == http.StatusTooManyRequests:
		return false, &alerting.RetryAfterError{After: defaultRetryAfter, Err: fmt.Errorf("%s: %s", doing, text)}
	case status >= 500 || status == http.StatusRequestTimeout:
		return true, fmt.Errorf("%s: %s (%w)", doing, text, alerting.ErrUnknown)
	}
	return false, alerting.Permanent(fmt.Errorf("%s: %s", doing, text))
}

// unknownOutcome is a transport error after which the message may be there. A context's end stays visible to errors.Is.
func unknownOutcome(doing string, err error) error {
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return fmt.Errorf("%s: %w (%w)", doing, end, alerting.ErrUnknown)
		}
	}
	return fmt.Errorf("%s: %s (%w)", doing, explain(err), alerting.ErrUnknown)
}

// notSent reports a failure before the first byte of the request was sent.
func notSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || (errors.As(err, &op) && op.Op == "dial")
}

// explain says in one line what went wrong and what to do about it, without addresses, which may be secret.
func explain(err error) string {
	var e slack.SlackErrorResponse
	if errors.As(err, &e) {
		return explainCode(&e)
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) {
		return fmt.Sprintf("HTTP status %d", status.Code)
	}
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return "no answer in time"
		}
		return u.Err.Error()
	}
	return err.Error()
}

func explainCode(e *slack.SlackErrorResponse) string {
	text := "Slack says " + e.Err
	switch hint := hints[e.Err]; {
	case e.Err == "missing_scope":
		text += ": add the scope " + e.Needed + " to the app and reinstall it"
	case hint != "":
		text += ": " + hint
	}
	if len(e.ResponseMetadata.Messages) > 0 {
		text += " (" + fit(strings.Join(e.ResponseMetadata.Messages, "; "), 300) + ")"
	}
	return text
}

// redact takes secrets out of an error's text, in case one has slipped in. The kinds of error stay visible to errors.Is and
// errors.As; an error in whose text a secret was found no longer shows its causes.
func redact(err error, secrets ...string) error {
	text := err.Error()
	clean, _, _ := strings.Cut(text, "\nResponse:") // a token server's answer, which may repeat the client's secret
	for _, s := range secrets {
		if s != "" {
			clean = strings.ReplaceAll(clean, s, "<secret>")
		}
	}
	if clean == text {
		return err
	}
	var after *alerting.RetryAfterError
	out := errors.New(clean)
	switch {
	case errors.As(err, &after):
		return &alerting.RetryAfterError{After: after.After, Err: errors.New("a rate limit is reached")}
	case errors.Is(err, alerting.ErrUnknown):
		out = fmt.Errorf("%s (%w)", clean, alerting.ErrUnknown)
	case alerting.IsPermanent(err):
		out = alerting.Permanent(out)
	}
	return out
}

// retryDelay is how long err asks to wait, if it does, at most a minute.
func retryDelay(err error) (time.Duration, bool) {
	var after *alerting.RetryAfterError
	if errors.As(err, &after) && after.After <= time.Minute {
		return after.After, true
	}
	return 0, false
}
