package app

import "github.com/tidewatch/tidewatch/internal/slackfake"

var cut = slackfake.Cut()
