// Package notifytest holds the contract that every notifier keeps, as tests to be run over each of them.
package notifytest
