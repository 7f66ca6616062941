// Package outbox brings notices from the store to their receivers: each version in its order, at most one message a second
// for each queue, with retries, without losing one and without sending one twice. It decides when to call a Notifier; what is
// sent, and finding out whether an attempt of unknown outcome has arrived, is the Notifier's.
package outbox
