package ingest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"net/http"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

// Transport lets next answer a source's requests and records the samples that pass: the chunks of streamed answers as they
// came. An answer that is cut, damaged or not read to its end is not part of the recording's claims. Sampled answers of servers
// that do not stream are recorded in chunks of what was sent.
func (r *Recorder) Transport(s RecordedSource, next http.RoundTripper) http.RoundTripper {
	r.Declare(s)
	return &tap{r: r, source: s.Name, next: next}
}

// tap is the client's side of a recording.
type tap struct {
	r      *Recorder
	source string
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case strings.HasSuffix(req.URL.Path, configPath):
		return t.config(req)
	case req.Method != http.MethodPost || req.GetBody == nil:
		return t.next.RoundTrip(req)
	}
	sent, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	queries, err := decodeRequest(sent)
	if err != nil {
		return t.next.RoundTrip(req) // it is no remote-read
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp.StatusCode/100 != 2 {
		return resp, err
	}
	body := &tapBody{ReadCloser: resp.Body, t: t, queries: queries, sampled: strings.HasPrefix(resp.Header.Get("Content-Type"), sampledType)}
	resp.Body = body
	return resp, nil
}

// config learns the server's external labels.
func (t *tap) config(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp.StatusCode/100 != 2 {
		return resp, err
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAPIBody))
	if err != nil {
		return nil, err
	}
	rest := resp.Body
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b), rest), rest}
	var answer struct {
		Data struct {
			YAML string `json:"yaml"`
		} `json:"data"`
	}
	err = json.Unmarshal(b, &answer)
	if c, bad := parseServerConfig(answer.Data.YAML); err == nil && bad == nil { // else the reader will complain
		t.r.learn(t.source, c.ExternalLabels)
	}
	return resp, nil
}

func (r *Recorder) learn(source string, external labels.Labels) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.known[source]; !labels.Equal(known.External, external) {
		known.External = external
		delete(r.sources, source) // it is written again, with them
	}
}

// tapBody is the body of an answer; its frames are recorded when they are complete.
type tapBody struct {
	io.ReadCloser
	t       *tap
	queries []*prompb.Query
	sampled bool
	held    bytes.Buffer // what was read and is not a whole frame yet
	broken  bool
}

// Read implements io.Reader.
func (b *tapBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.held.Write(p[:n])
	if !b.broken && !b.sampled {
		b.broken = b.frames() != nil
	}
	if errors.Is(err, io.EOF) && !b.broken {
		b.end()
		b.broken = true // it is done
	}
	return n, err
}

// frames records the frames that are complete.
func (b *tapBody) frames() error {
	for {
		data := b.held.Bytes()
		size, n := binary.Uvarint(data)
		switch {
		case n < 0 || n > 0 && size > MaxFrame:
			return errTorn
		case n == 0 || uint64(len(data)) < uint64(n)+4+size:
			return nil
		}
		frame := data[n+4 : uint64(n)+4+size]
		if crc32.Checksum(frame, castagnoli) != binary.BigEndian.Uint32(data[n:]) {
			return errTorn
		}
		if err := b.t.r.frameOf(b.t.source, frame); err != nil {
			return err
		}
		b.held.Next(n + 4 + int(size))
	}
}

func (r *Recorder) frameOf(source string, frame []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return walkFrame(frame, &r.wire, func(_ int, s *wireSeries) error {
		for _, c := range s.chunks {
			if len(c.data) >= 2 && c.maxt >= c.mint {
				r.chunk(source, s.labels, c)
			}
		}
		return nil
	})
}

// end notes what the answer was for, now that it is complete.
func (b *tapBody) end() {
	if b.sampled {
		if b.takeSampled() != nil {
			return
		}
	} else if b.held.Len() > 0 {
		return
	}
	r := b.t.r
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range b.queries {
		ms, err := matchersOf(q)
		if err != nil {
			return // the server has read it otherwise than we do
		}
		r.answers = append(r.answers, claim{b.t.source, matcherString(ms), span{q.StartTimestampMs, q.EndTimestampMs}})
	}
}

// takeSampled records a sampled answer.
func (b *tapBody) takeSampled() error {
	plain, err := unsnappy(b.held.Bytes(), math.MaxInt64)
	if err != nil {
		return err
	}
	into, names := make([]*collector, len(b.queries)), newInterner(nil)
	for i, q := range b.queries {
		into[i] = newCollector(q.StartTimestampMs, q.EndTimestampMs, &budget{}, names)
		defer into[i].release()
	}
	if err := walkSampled(plain, into); err != nil {
		return err
	}
	for _, c := range into {
		list, err := c.finish()
		if err != nil {
			return err
		}
		for _, s := range list {
			if _, err := b.t.r.Samples(b.t.source, s); err != nil {
				return err
			}
		}
	}
	return nil
}
