// Package simfleet simulates a small fleet of services, nodes, queues and batch jobs as a Prometheus server would have
// scraped it, and serves it over Prometheus's HTTP interface. Everything in it is invented: it exists so that the demo and
// the tests have input with a known truth.
//
// A Fleet is a seeded, sequential generator: the same options give the same samples bit for bit, however AdvanceTo is
// called. It has daily and weekly rhythm in a local time zone, autocorrelated and heavy-tailed noise, deploys that replace
// pods, counter resets, cron jobs, failed scrapes with staleness markers and one restart of the scraping server, and a
// published list of injected incidents. It knows nothing of the models that will look at it.
//
// A World is an embedded TSDB filled from a Fleet, or from recorded series, behind a readserver.
package simfleet
