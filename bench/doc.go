// Package bench measures what Tidewatch costs: Ledger takes a data structure apart and says which field holds how many bytes.
// Package bench/load measures the whole service under load.
package bench
