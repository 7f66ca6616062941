package app

import (
	"fmt"
	"path/filepath"

	"github.com/tidewatch/tidewatch"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// recordingDir is where the service's recording lies, in the directory of the state, whose lock covers it.
const recordingDir = "recording"

// openRecorder begins or continues the service's recording, if the configuration wants one.
func (s *Service) openRecorder(cfg *configs.Config) error {
	if !cfg.Storage.Recording.Enabled {
		return nil
	}
	r, err := ingest.NewRecorder(filepath.Join(s.opts.DataDir, recordingDir), ingest.RecorderOptions{MaxBytes: cfg.Storage.Recording.MaxSize})
	if err != nil {
		return fmt.Errorf("%w; move it away to begin a new one", err)
	}
	s.recorder = r
	return nil
}

// openSource makes the client of a source; what it reads is recorded where that is wanted.
func (s *Service) openSource(src configs.Source, cfg *configs.Config) (ingest.Source, error) {
	if s.opts.OpenSource != nil {
		return s.opts.OpenSource(src)
	}
	c := remoteConfig(src, s.log, s.opts.Registry)
	c.Clock = s.opts.Clock
	if s.recorder != nil && cfg.Storage.Recording.Samples {
		c.Transport = recordingTransport(s.recorder, src)
	}
	return ingest.Open(c, src.Protocol)
}

// recordPoints keeps what detectors were given: history to learn from, or points to decide on at now.
func (s *Service) recordPoints(now int64, history bool, blocks ...tidewatch.Block) {
	if s.recorder == nil {
		return
	}
	cfg := s.config()
	for _, b := range blocks {
		for _, d := range cfg.Detectors {
			if d.Name == b.Detector {
				s.recorder.Points(d.Source, d.Expr, now, history, b)
			}
		}
	}
}

// flushRecording makes what was recorded durable. It comes before a snapshot: the journal, from which a crash is repaired, goes
// with it.
func (s *Service) flushRecording() {
	if s.recorder != nil {
		s.fault("recording", s.recorder.Flush())
	}
}

// closeRecording ends the recording in good order.
func (s *Service) closeRecording() error {
	if s.recorder == nil {
		return nil
	}
	return s.recorder.Close()
}
