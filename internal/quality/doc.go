// Package quality says whether a detector's data can be judged at all: DATA_QUALITY, with a reason and the numbers, beside the
// three states of an alarm. One file holds one check.
//
// A Monitor sees every column of a detector before the models do. Some verdicts withhold a series' values: they are shown, but
// neither judged nor learnt (a unit that has changed, counters that fall again and again, a frozen exporter, values that cannot
// be). Others only report, because what is left is good (data that has stopped, gaps, late samples, changed labels). A fault of the
// data and an outage can look alike; where they do, no check here speaks, and the alarm does.
//
// Decisions are pure: they depend on the columns alone, not on how they are cut into blocks.
package quality
