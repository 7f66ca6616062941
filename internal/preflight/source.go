package preflight

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	commoncfg "github.com/prometheus/common/config"
	"github.com/tidewatch/tidewatch/configs"
	"github.com/tidewatch/tidewatch/ingest"
)

// NewSource makes a source of what a user types: the address of a Prometheus server, or of its remote-read endpoint, and a file
// with HTTP client settings, "" for none.
func NewSource(name, address, httpConfig string) (configs.Source, error) {
	s := configs.Source{Name: name, HTTP: commoncfg.DefaultHTTPClientConfig, Protocol: ingest.ProtocolAuto, Timeout: time.Minute, Concurrency: 2}
	var err error
	if s.URL, err = readURL(address); err != nil {
		return s, err
	}
	if httpConfig == "" {
		return s, nil
	}
	if s.HTTP, err = loadHTTP(httpConfig); err != nil {
		return s, fmt.Errorf("--http-config: %w", err)
	}
	// What cannot be written down later is refused before the server is asked.
	if _, err = configs.Generate(configs.Plan{Source: s, Presets: []configs.PlanPreset{{Name: fallbackPreset}}}); err != nil {
		return s, fmt.Errorf("--http-config %s: %w", httpConfig, err)
	}
	return s, nil
}

// readURL completes the address of a server with the path of remote-read; a path that ends in /read stays as it is.
func readURL(address string) (string, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("--source is not the URL of a server; write for example http://prometheus:9090")
	case u.User != nil:
		return "", fmt.Errorf("--source holds a password; write %s and put basic_auth with password_file into --http-config", ingest.RedactURL(address))
	}
	u.Fragment = ""
	if path := strings.TrimSuffix(u.Path, "/"); !strings.HasSuffix(path, "/read") {
		for _, page := range []string{"/graph", "/query", "/targets", "/status", "/api/v1"} { // copied from the browser's address bar
			path = strings.TrimSuffix(path, page)
		}
		u.Path, u.RawPath, u.RawQuery = path+"/api/v1/read", "", ""
	}
	return u.String(), nil
}

// loadHTTP reads Prometheus's HTTP client settings. Relative paths start from the file's directory and become absolute, because
// the configuration is written elsewhere.
func loadHTTP(file string) (commoncfg.HTTPClientConfig, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return commoncfg.HTTPClientConfig{}, err
	}
	cfg, _, err := commoncfg.LoadHTTPConfigFile(file)
	if err != nil {
		return commoncfg.HTTPClientConfig{}, err
	}
	if err := cfg.Validate(); err != nil {
		return commoncfg.HTTPClientConfig{}, fmt.Errorf("%s: %w", file, err)
	}
	return *cfg, nil
}

// LocalZone is the time zone of $TZ or /etc/localtime where it has a name, else UTC.
func LocalZone() string {
	name := strings.TrimPrefix(os.Getenv("TZ"), ":")
	if name == "" {
		link, err := os.Readlink("/etc/localtime")
		if err != nil {
			return "UTC"
		}
		_, name, _ = strings.Cut(link, "zoneinfo/")
	}
	loc, err := time.LoadLocation(name)
	if err != nil || loc == time.Local || name == "" || strings.HasPrefix(name, "Etc/") {
		return "UTC"
	}
	return name
}
