// Package baseline holds the simple detectors that the bench judges beside the production models, each a models.Model. They
// are what people use today or could write in an afternoon; what a model gains over them is what it is worth.
//
// All are causal: a point is scored from the points before it and then learnt. They learn from every point, whatever the
// verdict, and pass over missing values (NaN; an infinite value counts as missing). Score.Surprise carries the raw score of
// the method, from 0 to 1e6 and higher for what is more anomalous; it is no probability. Before its warm-up is over, and at a
// missing value, it is 0. They draw no band, explain nothing and cannot be stored.
//
// A univariate baseline treats every row by itself. A multivariate one judges all rows of a point together and gives each row
// the same joint score. docs/baselines.md has the formulas and their sources.
package baseline
