package preflight

import (
	"testing"
	"time"
)

func TestFiguresAreWrittenForPeople(t *testing.T) {
	const day = 24 * time.Hour
	for _, tc := range []struct{ got, want string }{
		{count(1, "message"), "1 message"},
		{count(2100, "message"), "2,100 messages"},
		{count(3, "series"), "3 series"},
		{thousands(999), "999"},
		{thousands(1234567), "1,234,567"},
		{thousands(-1234), "-1,234"},
		{rounded(999), "999"},
		{rounded(1500), "1.5 k"},
		{rounded(12_345_678), "12 M"},
		{rounded(2.5e9), "2.5 G"},
		{rounded(0), "0"},
		{bytesText(1), "1 KiB"},
		{bytesText(3 << 20), "3 MiB"},
		{bytesText(1.5 * (1 << 30)), "1.5 GiB"},
		{took(900 * time.Millisecond), "under 1 s"},
		{took(90 * time.Second), "90 s"},
		{took(10 * time.Minute), "10 min"},
		{span(15 * day), "15 d"},
		{span(day), "1 d"},
		{span(59 * time.Hour), "2.4 d"},
		{span(26 * time.Hour), "26 h"},
		{span(90 * time.Second), "1 min"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, want %q", tc.got, tc.want)
		}
	}
}
