// Package null measures promised against observed: it runs the production engine over seeded series in which nothing is anomalous, so that
// every alarm is a false one, and over steps of known size, to see how soon they are found.
package null
