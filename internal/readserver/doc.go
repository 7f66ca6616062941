// Package readserver serves a time series store over the part of Prometheus's HTTP interface that Tidewatch and
// Grafana-like clients use: remote-read (streamed XOR chunks and samples), series and label look-ups, metadata, build
// information, and instant and range queries in Prometheus's JSON envelope.
//
// The store is anything that implements Prometheus's storage.SampleAndChunkQueryable, for instance an embedded TSDB.
// The remote-read protocol follows Prometheus's server (storage/remote/read_handler.go and prompb/remote.proto), without
// importing storage/remote. Native histograms pass through the streamed form; the sampled form refuses them.
package readserver
