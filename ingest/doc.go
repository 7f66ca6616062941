// Package ingest turns outside data into ordered points on a grid: Prometheus's remote-read with PromQL evaluated locally,
// query_range, and CSV files. Late, duplicate and overlapping samples, gaps, staleness and counter resets are dealt with here,
// so that the engine sees rectangles of points in time order with NaN where a sample is missing.
//
// A Remote reads raw samples (streamed chunks, or sampled where a server does not stream), in windows of bounded memory, and
// evaluates the expression with Prometheus's own engine, as Prometheus 3 does: ranges leave out their left end, which 2.x
// includes. Its Stream hands raw samples over as they come, in memory that does not depend on the range. A QueryRange leaves
// evaluation to a server that has no remote-read; Open finds out which of the two a server speaks. A CSV holds files in memory.
// An API asks a server's HTTP API what remote-read cannot tell.
package ingest
