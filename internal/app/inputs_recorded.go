package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// inputsSuffix is of the file with the inputs in a recording, one JSON object a line; before it stands the SHA-256 of the content.
const inputsSuffix = ".inputs"

// WriteInputs puts what a service was told into a recording, beside the data.
func WriteInputs(dir string, in Inputs) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, x := range in {
		if err := enc.Encode(x); err != nil {
			return fmt.Errorf("recording %s: inputs: %w", dir, err)
		}
	}
	sum := sha256.Sum256(b.Bytes())
	return os.WriteFile(filepath.Join(dir, hex.EncodeToString(sum[:])+inputsSuffix), b.Bytes(), 0o600)
}

// RecordedInputs is what a service was told up to to, Unix milliseconds, as its recording knows it: from a file in it, or, where the
// recording is the service's own, from the state that it lies in. There may be none.
func RecordedInputs(ctx context.Context, dir string, to int64) (Inputs, error) {
	names, err := filepath.Glob(filepath.Join(globEscape(dir), "*"+inputsSuffix))
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		return readInputsFile(names[0], to)
	}
	at, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if filepath.Base(at) != recordingDir {
		return nil, nil
	}
	in, err := ReadInputs(ctx, filepath.Dir(at), to)
	if errors.Is(err, fs.ErrNotExist) { // it was taken out of its state
		return nil, nil
	}
	return in, err
}

// globEscape keeps a directory's name from being taken for a pattern.
func globEscape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func readInputsFile(name string, to int64) (in Inputs, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:])+inputsSuffix != filepath.Base(name) {
		return nil, fmt.Errorf("%s: its content is not what its name says", name)
	}
	for dec := json.NewDecoder(bytes.NewReader(b)); ; {
		var x Input
		switch err := dec.Decode(&x); {
		case errors.Is(err, io.EOF):
			return in, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if x.At <= to {
			in = append(in, x)
		}
	}
}
