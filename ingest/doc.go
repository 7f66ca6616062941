// Package ingest turns outside data into ordered points on a grid: Prometheus's remote-read with PromQL evaluated locally,
// and CSV files. Late, duplicate and overlapping samples, gaps, staleness and counter resets are dealt with here, so that the
// engine sees rectangles of points in time order with NaN where a sample is missing.
package ingest
