package api

import (
	"context"
	"fmt"
	"net/http"
)

// DetectorList is the answer of /api/v1/detectors.
type DetectorList struct {
	Detectors []Detector `json:"detectors" doc:"Ordered by name."`
}

func (s *server) detectors(ctx context.Context, a *args) (answer, error) {
	if err := a.err(); err != nil {
		return answer{}, err
	}
	list, err := s.backend.Detectors(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("reading the detectors: %w", err)
	}
	return answer{data: DetectorList{orEmpty(list)}}, nil
}

// SourceList is the answer of /api/v1/sources.
type SourceList struct {
	Sources []Source `json:"sources" doc:"Ordered by name."`
}

func (s *server) sources(ctx context.Context, a *args) (answer, error) {
	if err := a.err(); err != nil {
		return answer{}, err
	}
	list, err := s.backend.Sources(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("reading the sources: %w", err)
	}
	return answer{data: SourceList{orEmpty(list)}}, nil
}

func (s *server) buildInfo(_ context.Context, a *args) (answer, error) {
	return answer{data: s.opts.Version}, a.err()
}

func (s *server) healthy(w http.ResponseWriter, _ *http.Request, _ *args) error {
	s.writeText(w, http.StatusOK, "Tidewatch is Healthy.")
	return nil
}

func (s *server) ready(w http.ResponseWriter, _ *http.Request, _ *args) error {
	if s.opts.Ready != nil {
		if err := s.opts.Ready(); err != nil {
			s.writeText(w, http.StatusServiceUnavailable, "Tidewatch is not ready: "+err.Error())
			return nil //nolint:nilerr // the answer says it
		}
	}
	s.writeText(w, http.StatusOK, "Tidewatch is Ready.")
	return nil
}

// reload refuses requests that a browser sends for another site: whoever may reach the port from a browser would otherwise
// lend that to every page that it visits.
func (s *server) reload(w http.ResponseWriter, r *http.Request, _ *args) error {
	if err := s.crossOrigin.Check(r); err != nil {
		s.writeText(w, http.StatusForbidden, "refused: "+err.Error())
		return nil
	}
	if s.opts.Reload == nil {
		s.writeText(w, http.StatusNotImplemented, "reloading is switched off")
		return nil
	}
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if err := s.opts.Reload(r.Context()); err != nil {
		s.writeText(w, http.StatusInternalServerError, "failed to reload config, the old one was kept: "+err.Error())
		return nil
	}
	s.writeText(w, http.StatusOK, "Configuration reloaded.")
	return nil
}

func (s *server) document(w http.ResponseWriter, _ *http.Request, a *args) error {
	if err := a.err(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	s.write(w, s.openapi())
	return nil
}
