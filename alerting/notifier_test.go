package alerting

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestErrorKinds(t *testing.T) {
	cause := errors.New("channel_not_found")
	permanent := fmt.Errorf("post to #oncall: %w", Permanent(cause))
	if !IsPermanent(permanent) || !errors.Is(permanent, cause) || permanent.Error() != "post to #oncall: channel_not_found" {
		t.Errorf("%v is not permanent, or has lost its cause", permanent)
	}
	if IsPermanent(cause) || IsPermanent(nil) {
		t.Error("an error that was not marked is permanent")
	}
	later := fmt.Errorf("post: %w", &RetryAfterError{After: 30 * time.Second, Err: cause})
	var retry *RetryAfterError
	if !errors.As(later, &retry) || retry.After != 30*time.Second || !errors.Is(later, cause) ||
		later.Error() != "post: channel_not_found, retry after 30s" {
		t.Errorf("%v does not say when to come again", later)
	}
}
