// Package engine is the deterministic core: points in, scores, transitions and notices out. The service, replay, the demo and
// the bench all run it; they differ in where points and time come from.
//
// Data flows one way. Engine.Train and Engine.Tick take a tidewatch.Block, drive every group's model through Score → alarm →
// Advance and return what changed; Core adds the dispatcher that makes incidents of transitions. Groups are independent
// between epochs (fixed grid times at which thresholds and shared model parts are rebuilt from order-independent sums and
// hash-chosen samples), so results depend neither on the number of workers nor on the order of groups nor on how a range is
// cut into blocks.
package engine
