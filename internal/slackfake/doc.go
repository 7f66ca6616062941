// Package slackfake is a Slack workspace small enough to run inside a test or the demo: an HTTP server that speaks the part of
// Slack's Web API that Tidewatch uses, keeps what was posted, checks it as Slack checks it, and can be told to fail.
//
// It answers chat.postMessage, chat.update, chat.getPermalink, conversations.history, .replies, .info and .list, auth.test,
// the three-step upload (files.getUploadURLExternal, the upload itself, files.completeUploadExternal), files.info and incoming
// webhooks; every other method gets unknown_method. Time stamps are unique to the microsecond, threads and metadata are kept
// and returned, membership and scopes are enforced. Block and length limits are those of
// https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/methods/chat.postMessage.
//
// The page at / shows the channels and renders messages from their blocks, with threads and images.
//
// People are played by Click and Command, which deliver to the app's endpoint, signed, or through Socket Mode (whose connections
// Disconnect ends), and again where a test asks for it; what the app answers privately is kept for Answers.
//
// What it does not do: reactions, scheduled messages, modals.
package slackfake
