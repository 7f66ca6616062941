package ingest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
)

// MaxFrame is the largest frame accepted in a streamed answer, in bytes. Prometheus cuts frames at
// --storage.remote.read-max-bytes-in-frame (1 MiB by default), but never inside of a chunk.
const MaxFrame = 64 << 20

// keepFrame is the largest frame whose buffer is kept for the next answer.
const keepFrame = 4 << 20

// slack is how many bytes beyond a chunk the bit reader may look at; every buffer that holds chunks ends with as many.
const slack = 32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameReader cuts a streamed answer into frames: uvarint length, CRC-32C (big endian), payload.
type frameReader struct {
	r     *bufio.Reader
	buf   []byte
	sum   [4]byte
	limit int64 // largest payload that may be held
	bytes int64 // read so far, headers included
}

var frameReaders = sync.Pool{New: func() any { return &frameReader{r: bufio.NewReaderSize(nil, 64<<10)} }}

// newFrameReader gives a reader of payloads up to limit bytes, MaxFrame at the most, that may be given back by release.
func newFrameReader(r io.Reader, limit int64) *frameReader {
	f := frameReaders.Get().(*frameReader) //nolint:errcheck // nothing else is put there
	f.r.Reset(r)
	f.limit, f.bytes = limit, 0
	return f
}

// release gives the reader and its payloads back.
func (f *frameReader) release() {
	f.r.Reset(nil)
	if cap(f.buf) > keepFrame {
		f.buf = nil
	}
	frameReaders.Put(f)
}

// next gives the payload of the next frame, valid until the next call; io.EOF after the last one.
func (f *frameReader) next() ([]byte, error) {
	if _, err := f.r.Peek(1); err != nil {
		return nil, err // io.EOF here is the regular end
	}
	size, err := f.length()
	if err != nil {
		return nil, err
	}
	if size > MaxFrame {
		return nil, corrupt("frame", "length %d is over the limit of %d bytes", size, MaxFrame)
	}
	if int64(size) > f.limit {
		return nil, &limitError{fmt.Sprintf("a frame of %d bytes, and one read may hold %d (raise max_bytes_in_flight, lower concurrency, or lower the server's --storage.remote.read-max-bytes-in-frame)", size, f.limit)}
	}
	if _, err := io.ReadFull(f.r, f.sum[:]); err != nil {
		return nil, cut("frame checksum", err)
	}
	if err := f.fill(int(size)); err != nil {
		return nil, cut("frame", err)
	}
	payload := f.buf[:size]
	if got, want := crc32.Checksum(payload, castagnoli), binary.BigEndian.Uint32(f.sum[:]); got != want {
		return nil, corrupt("frame", "CRC-32C is %08x, the frame says %08x", got, want)
	}
	f.bytes += int64(size) + 5
	return payload, nil
}

// length reads the uvarint before a frame.
func (f *frameReader) length() (uint64, error) {
	var b [binary.MaxVarintLen64]byte
	for i := range b {
		c, err := f.r.ReadByte()
		if err != nil {
			return 0, cut("frame length", err)
		}
		b[i] = c
		if c < 0x80 {
			if size, n := binary.Uvarint(b[:i+1]); n > 0 {
				return size, nil
			}
			break
		}
	}
	return 0, corrupt("frame length", "it does not fit into 64 bits")
}

// fill reads size bytes, growing the buffer only as data arrives, so that a wrong length cannot cost memory.
func (f *frameReader) fill(size int) error {
	const piece = 1 << 20
	f.buf = f.buf[:0]
	for len(f.buf) < size {
		n := min(piece, size-len(f.buf))
		start := len(f.buf)
		if cap(f.buf) < start+n {
			grown := make([]byte, start, max(start+n, min(2*start, size)))
			copy(grown, f.buf)
			f.buf = grown
		}
		f.buf = f.buf[:start+n]
		if _, err := io.ReadFull(f.r, f.buf[start:]); err != nil {
			return err
		}
	}
	return nil
}

// cut turns the end of the data in the middle of a frame into a corruption; other errors are the transport's own.
func cut(where string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return corrupt(where, "the answer ends in the middle of a frame")
	}
	return err
}
