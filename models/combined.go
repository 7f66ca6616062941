package models

import "github.com/tidewatch/tidewatch"

var _ = register(Spec{
	Kind:        "combined",
	Doc:         "All channels of seasonal and isolation over one baseline, on one calibrated scale; the default.",
	New:         newSharer(seasonalChannels | channelSet(tidewatch.ChannelIsolation)),
	Dim:         features,
	BuildShared: buildForest,
	LoadShared:  loadForest,
})
