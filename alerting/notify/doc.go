// Package notify brings notices to people: one file or family of files for each kind of receiver, and the chart that goes
// into a message.
//
// A notifier renders and sends, once; it neither queues, limits its rate nor retries. Whoever calls it does that, by
// QueueKey, and keeps the alerting.Delivery that it returns.
package notify
