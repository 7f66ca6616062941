// Package tidewatch is the vocabulary that every other package of the project speaks: a Block of points on a grid, the
// Band that was expected, the Score that a point got and the Anomaly that a stretch of scores makes.
//
// It knows no clock, no network and no file. Times are Unix milliseconds, a missing sample is NaN, and zero is data.
package tidewatch
