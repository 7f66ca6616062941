package configs

import _ "embed" // the demo's configuration

// Demo is the configuration of `tidewatch demo`.
//
//go:embed demo.yml
var Demo []byte

// Fleet is the configuration of `tidewatch demo --fleet`.
//
//go:embed fleet.yml
var Fleet []byte
