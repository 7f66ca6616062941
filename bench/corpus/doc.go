// Package corpus reads labelled series from files: the Numenta Anomaly Benchmark's layout, and directories of CSV files with the
// columns timestamp, one or more values, and optionally label. Open finds the corpora under a directory; File.Read lays one file on
// the grid that production would use.
//
// Rows that cannot be used are named and counted, and never stop the rest. Times are Unix milliseconds, a missing value is NaN.
package corpus
