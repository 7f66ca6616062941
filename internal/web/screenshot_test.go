package web_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/internal/api"
	"github.com/tidewatch/tidewatch/internal/api/apitest"
)

// TestScreenshots has headless Chromium draw the pages into the directory that TIDEWATCH_SCREENSHOTS names, for a person to
// look at, and checks that the style sheet took effect in both themes.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("TIDEWATCH_SCREENSHOTS")
	if dir == "" {
		t.Skip("TIDEWATCH_SCREENSHOTS names no directory")
	}
	srv := httptest.NewServer(api.New(api.Options{
		Backend: apitest.Fleet(), UI: newPages(nil), Now: func() time.Time { return apitest.Now },
		Chart: func(context.Context, uint64, int64, int64) ([]byte, error) { return placeholder() },
	}))
	defer srv.Close()
	for _, c := range []struct {
		file, path, size string
		dark             bool
		background       color.RGBA
	}{
		{"status-light.png", "/", "1280,900", false, color.RGBA{255, 255, 255, 255}},
		{"status-dark.png", "/", "1280,900", true, color.RGBA{20, 24, 29, 255}},
		{"status-narrow.png", "/", "500,1400", false, color.RGBA{255, 255, 255, 255}},
		{"alarm-light.png", "/alarms/a-checkout", "1280,1250", false, color.RGBA{255, 255, 255, 255}},
		{"alarm-dark.png", "/alarms/a-checkout", "1280,1250", true, color.RGBA{20, 24, 29, 255}},
	} {
		file := filepath.Join(dir, c.file)
		args := []string{
			"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
			"--user-data-dir=" + t.TempDir(), "--hide-scrollbars", "--window-size=" + c.size, "--screenshot=" + file,
		}
		if c.dark {
			args = append(args, "--blink-settings=preferredColorScheme=0")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		out, err := exec.CommandContext(ctx, "chromium", append(args, srv.URL+c.path)...).CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("chromium: %v\n%s", err, out)
		}
		if got := corner(t, file); got != c.background {
			t.Errorf("%s: background %v, want %v", c.file, got, c.background)
		}
	}
}

// corner is the colour of a picture's first pixel.
func corner(t *testing.T, file string) color.RGBA {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	r, g, bl, _ := img.At(0, 0).RGBA()
	return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8), 255}
}

// placeholder is a grey picture in the shape of a chart.
func placeholder() ([]byte, error) {
	img := image.NewGray(image.Rect(0, 0, 960, 320))
	for i := range img.Pix {
		img.Pix[i] = 200
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}
