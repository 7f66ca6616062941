// Package measure turns what a detector said of labelled series into figures: Measure for a corpus, NAB for the Numenta Anomaly Benchmark.
//
// Every measure has a file of its own, whose comments give it as a formula; the tests hold cases worked by hand. What all have in common:
//
//   - Only measured points count: those from Series.From on that are not Missing. A missing point carries no label and no score; it does not
//     cut an event either. An event that ended before From is forgotten, with its tolerance. Distances (tolerance, merging, delay, windows) are
//     counted in points of the grid.
//   - A corpus is pooled: counts are summed over its series and the figure is taken of the sums, with one threshold for all series. Only VUS-PR
//     is taken of each series and averaged, as its authors do.
//   - Intervals are of 95 %, by a bootstrap over the series (over the files for NAB), with a fixed seed.
//   - A figure that cannot be given (recall without events, say) is NaN in Go and null in JSON.
//
// Nothing depends on time, on the order of a map or on the number of processors.
package measure
