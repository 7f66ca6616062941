package readserver

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/prometheus/prometheus/prompb"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameWriter writes messages as frames: the size as a uvarint, the CRC-32C of the message as four big-endian bytes, the
// message. It reuses one buffer, so that one frame at a time is in memory.
type frameWriter struct {
	w       io.Writer
	buf     []byte
	started bool // something may have reached the client
}

const maxHeader = binary.MaxVarintLen64 + crc32.Size

func (f *frameWriter) write(m *prompb.ChunkedReadResponse) error {
	size := m.Size()
	if cap(f.buf) < maxHeader+size {
		f.buf = make([]byte, maxHeader+size)
	}
	body := f.buf[maxHeader : maxHeader+size]
	if _, err := m.MarshalToSizedBuffer(body); err != nil {
		return fmt.Errorf("encode a frame: %w", err)
	}
	var head [maxHeader]byte
	n := binary.PutUvarint(head[:], uint64(size))
	binary.BigEndian.PutUint32(head[n:], crc32.Checksum(body, castagnoli))
	n += crc32.Size
	copy(f.buf[maxHeader-n:], head[:n])
	f.started = true
	if _, err := f.w.Write(f.buf[maxHeader-n : maxHeader+size]); err != nil {
		return fmt.Errorf("write a frame: %w", err)
	}
	return nil
}
