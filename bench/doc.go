// Package bench measures what Tidewatch finds and what it costs. Run has the production engine judge every file of labelled corpora, with
// the product's detector and with baselines, and makes a Report of it; docs/bench.md holds the protocol and what every figure means.
// Ledger takes a data structure apart and says which field holds how many bytes.
//
// Package bench/corpus reads the data, bench/measure turns scores into figures, bench/baseline holds the simple detectors, and bench/load
// measures the whole service under load.
package bench
