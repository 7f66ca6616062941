// Package slackapp lets people act on incidents in Slack: buttons and the slash command, which arrive at a signed HTTP endpoint or
// through Socket Mode. What it is asked for becomes an alerting.Control, so it is journalled and shown in the message like what the
// API is asked for. Requests are https://docs.slack.dev/authentication/verifying-requests-from-slack and
// https://docs.slack.dev/interactivity/handling-user-interaction; no secret appears in an error, a log or an answer.
package slackapp
