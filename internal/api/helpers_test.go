package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
)

func failingReload(context.Context) error { return errors.New("line 3: unknown field \"stepp\"") }

// newHandler serves the fleet, after change if it is not nil.
func newHandler(t testing.TB, change func(*api.Options, *apitest.Backend)) http.Handler {
	t.Helper()
	b, ids := apitest.Fleet(), 0
	o := api.Options{
		Backend: b,
		Now:     func() time.Time { return apitest.Now },
		Reload:  func(context.Context) error { return nil },

		Controls: apitest.NewControls(b),
		NewID:    func() string { ids++; return fmt.Sprintf("6f1c2d3e-%d", ids) },
		Chart: func(ctx context.Context, id uint64, from, to int64) ([]byte, error) {
			_, err := b.Band(ctx, id, from, to)
			return []byte("\x89PNG\r\n\x1a\n"), err
		},
		Version: api.BuildInfo{Version: "1.0.0", Revision: "abc", GoVersion: "go1.26"},
	}
	if change != nil {
		change(&o, b)
	}
	return api.New(o)
}

func request(h http.Handler, method, target string) *httptest.ResponseRecorder {
	return requestWith(h, method, target, "")
}

// requestWith sends a body, which is JSON.
func requestWith(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	res := httptest.NewRecorder()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	h.ServeHTTP(res, req)
	return res
}

// get asks for data and fails the test if the answer is not a success.
func get[T any](t testing.TB, h http.Handler, target string) (data T, infos []string) {
	t.Helper()
	res := request(h, http.MethodGet, target)
	var env struct {
		Status string
		Data   T
		Infos  []string
	}
	if err := json.Unmarshal(res.Body.Bytes(), &env); err != nil || res.Code != http.StatusOK || env.Status != "success" {
		t.Fatalf("GET %s: status %d, %v: %s", target, res.Code, err, cut(res.Body.String()))
	}
	return env.Data, env.Infos
}

// getError asks for something wrong and returns the error's text.
func getError(t testing.TB, h http.Handler, target string, wantCode int, wantType string) string {
	t.Helper()
	res := request(h, http.MethodGet, target)
	var env struct{ Status, ErrorType, Error string }
	if err := json.Unmarshal(res.Body.Bytes(), &env); err != nil {
		t.Fatalf("GET %s: %v: %s", target, err, cut(res.Body.String()))
	}
	if res.Code != wantCode || env.Status != "error" || env.ErrorType != wantType {
		t.Errorf("GET %s: status %d, %+v; want %d %s", target, res.Code, env, wantCode, wantType)
	}
	return env.Error
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func cut(s string) string {
	if len(s) > 500 {
		return s[:500] + "…"
	}
	return s
}
