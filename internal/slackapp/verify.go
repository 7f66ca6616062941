package slackapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// replayWindow is how far a request's time may lie from now, either way, as Slack recommends.
const replayWindow = 5 * time.Minute

var (
	errForged = errors.New("the signature is not Slack's; compare the Signing Secret under Basic Information of the app with signing_secret_file")
	errStale  = fmt.Errorf("the request's time lies more than %s from now: a replay, or this machine's clock is wrong", replayWindow)
)

// verify checks X-Slack-Signature, version 0: HMAC-SHA256 over "v0:TIME:BODY". A request signed with none of the secrets is forged;
// one that is signed but whose time is not within the window around now is stale.
func verify(secrets []string, h http.Header, body []byte, now time.Time) error {
	stamp := h.Get("X-Slack-Request-Timestamp")
	sent, err := strconv.ParseInt(stamp, 10, 64)
	sum, isV0 := strings.CutPrefix(h.Get("X-Slack-Signature"), "v0=")
	got, herr := hex.DecodeString(sum)
	if err != nil || !isV0 || herr != nil {
		return errForged
	}
	signed := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("v0:" + stamp + ":"))
		mac.Write(body)
		signed = hmac.Equal(mac.Sum(nil), got) && secret != "" || signed
	}
	window, at := int64(replayWindow/time.Second), now.Unix()
	switch {
	case !signed:
		return errForged
	case sent < at-window || sent > at+window:
		return errStale
	}
	return nil
}
