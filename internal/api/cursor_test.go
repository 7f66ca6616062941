package api

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestCursorRoundTrip(t *testing.T) {
	for _, c := range []cursor{
		{},
		{query: 1, from: minTime, to: maxTime, start: 1795402800123, id: "n-1"},
		{query: 1<<64 - 1, from: -1, to: 0, start: Time(minTime), id: "ü/\x00"},
	} {
		got, err := parseCursor(c.String())
		if err != nil || got != c {
			t.Errorf("%+v became %+v (%v)", c, got, err)
		}
	}
}

func TestForeignCursorsAreRefused(t *testing.T) {
	good := cursor{query: 7, from: 1, to: 2, start: 3, id: "x"}
	raw, err := base64.RawURLEncoding.DecodeString(good.String())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"not base64":       "+++",
		"empty":            base64.RawURLEncoding.EncodeToString(nil),
		"other version":    base64.RawURLEncoding.EncodeToString(append([]byte{2}, raw[1:]...)),
		"cut in the hash":  base64.RawURLEncoding.EncodeToString(raw[:5]),
		"cut in the times": base64.RawURLEncoding.EncodeToString(raw[:10]),
		"too long":         strings.Repeat("A", maxCursorBytes+1),
		"time too late":    cursor{to: maxTime + 1}.String(),
		"time too early":   cursor{from: minTime - 1}.String(),
	} {
		if c, err := parseCursor(text); err == nil {
			t.Errorf("%s: accepted as %+v", name, c)
		}
	}
}
