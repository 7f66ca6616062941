// Package configs is Tidewatch's configuration: one YAML file, read strictly, checked as a whole and turned into typed Go
// values. Every mistake is reported at once with its file, line and column, what was wrong and what would be right.
//
// The field comments of the unexported types in schema_*.go are the reference: docs/configuration.md and
// tidewatch.schema.json are generated from them.
package configs
