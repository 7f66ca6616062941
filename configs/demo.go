package configs

import _ "embed" // the demo's configuration

// Demo is the configuration of `tidewatch demo`.
//
//go:embed demo.yml
var Demo []byte
