package models

import "github.com/tidewatch/tidewatch"

var isolationChannels = channelSet(tidewatch.ChannelBand, tidewatch.ChannelIsolation)

var _ = register(Spec{
	Kind:        "isolation",
	Doc:         "Isolation forest over residual and shape features of a seasonal baseline, shared by a metric's family; until a forest is there it judges by the band alone.",
	New:         newSharer(isolationChannels),
	Dim:         features,
	BuildShared: buildForest,
	LoadShared:  loadForest,
})

func newSharer(on channels) func(Config) (Model, error) {
	return func(c Config) (Model, error) {
		if c.Transform != Identity {
			return newScaled(c, on)
		}
		s, err := rowSettings(c, on)
		if err != nil {
			return nil, err
		}
		return sharerOf(s, c.Rows), nil
	}
}
