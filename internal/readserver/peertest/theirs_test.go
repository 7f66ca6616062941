package peertest

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
)

const externalName, externalValue = "cluster", "eu1"

// prometheusHandler is Prometheus's own remote-read server over the store.
func prometheusHandler(db storage.SampleAndChunkQueryable) http.Handler {
	cfg := config.Config{GlobalConfig: config.GlobalConfig{ExternalLabels: labels.FromStrings(externalName, externalValue)}}
	return remote.NewReadHandler(slog.New(slog.DiscardHandler), nil, db, func() config.Config { return cfg }, 5e7, 10, 1<<20)
}
