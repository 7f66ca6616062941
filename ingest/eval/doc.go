// Package eval evaluates PromQL over a range of times, a series at a time.
//
// Prometheus's engine evaluates an expression node by node and keeps every series of every node for the whole range, 16 bytes a
// point. Here a series is read once, in order of time, through a window no longer than the expression's range, and what comes
// out is added to the group, ratio or quantile that it belongs to before the next series is read. So memory is that of the
// groups, and of one series; a step costs what is new in it.
//
// It knows what detectors mostly are: selectors with offsets, functions of a range of samples, arithmetic, comparison and the set
// operators with matching, sum, avg, min, max, count and group, histogram_quantile, label_replace and label_join, and simple
// functions of numbers. Compile says of everything else that the engine must evaluate it; and where the data have what is not
// known here (native histograms, several series for one match group), Run returns ErrEngine.
//
// The results are those of Prometheus's engine to the last bit, on the same architecture: each sum adds the same numbers in the same
// order with the same compensation. Where the engine itself leaves the order to chance, as in a sum over the result of an
// operator, the order is that of the labels (Chance, OrderShows).
package eval
