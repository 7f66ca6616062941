package models

import "github.com/tidewatch/tidewatch"

var seasonalChannels = channelSet(tidewatch.ChannelBand, tidewatch.ChannelSustained, tidewatch.ChannelShift,
	tidewatch.ChannelVariance, tidewatch.ChannelFlat, tidewatch.ChannelMissing)

var _ = register(Spec{
	Kind: "seasonal",
	Doc:  "Robust level, trend and daily and weekly profile with a short memory; judges single points, sustained deviations, shifts, noise, flat lines and gaps.",
	New: func(c Config) (Model, error) {
		if c.Transform != Identity {
			return newScaled(c, seasonalChannels)
		}
		m, err := newRows(c, seasonalChannels)
		if err != nil {
			return nil, err
		}
		return m, nil
	},
})
