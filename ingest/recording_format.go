package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A segment of a recording is a file of
//
//	8 bytes            "TIDEREC1"; the digit is the version
//	frames, each of
//	  4 bytes          length of the payload
//	  4 bytes          length of the payload when unpacked, at most 64 MiB
//	  4 bytes          CRC-32C of these 8 bytes and the payload
//	  as many bytes    the payload: zstd of records
//
// Fixed integers are little-endian. A record is a byte that names its kind, and fields: u is an unsigned varint, i a zigzag
// varint, s a u length and as many bytes. Numbers given to sources, series and detectors hold within their segment, so that
// every segment can be read by itself.
//
//	kind  what                fields
//	'o'   source              u number (from 1), s name, s URL without credentials, s its external labels
//	's'   series              u number, u source (0: of decided points), s labels
//	'c'   chunk               u series, u encoding, i first time, u last − first time, s the bytes as they came
//	'q'   answered            u source, s selector, i from, i to: all that the server had for it is in the recording
//	'd'   detector            u number, u source, s name, s expression, u step
//	'p'   points              u detector, u 1 history | 0 decided, i first grid time, u n, n × u when each was decided − grid time
//	                          (0 in history), u rows, rows × (u series, s XOR chunk of the points that are not missing)
//	'r'   range               i from, i to: a replay of these decision times finds all it reads
//
// Times are Unix milliseconds. Labels are the protobuf fields of remote-read: { 1: { 1 name, 2 value } } ….
const (
	segmentMagic  = "TIDEREC1"
	frameHeader   = 12
	frameTarget   = 1 << 20
	maxFramePlain = 64 << 20
)

// The kinds of records.
const (
	recSource   = 'o'
	recSeries   = 's'
	recChunk    = 'c'
	recAnswered = 'q'
	recDetector = 'd'
	recPoints   = 'p'
	recRange    = 'r'
)

// packer holds the zstd coders; they are made once, because they are large.
var packer = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
})

var unpacker = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFramePlain))
})

// packFrame appends a frame of plain to b.
func packFrame(b, plain []byte) ([]byte, error) {
	enc, err := packer()
	if err != nil {
		return b, fmt.Errorf("zstd: %w", err)
	}
	start := len(b)
	b = append(b, make([]byte, frameHeader)...)
	b = enc.EncodeAll(plain, b)
	head := b[start : start+frameHeader]
	binary.LittleEndian.PutUint32(head, uint32(len(b)-start-frameHeader))
	binary.LittleEndian.PutUint32(head[4:], uint32(len(plain)))
	binary.LittleEndian.PutUint32(head[8:], frameSum(head[:8], b[start+frameHeader:]))
	return b, nil
}

func frameSum(lengths, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(lengths, castagnoli), castagnoli, payload)
}

// readSegmentFrame reads the frame at the reader's place and gives its records and its length in the file. io.EOF is the end
// of the segment; errTorn a frame that the file ends within; other errors are damage.
func readSegmentFrame(r io.Reader, plain []byte) (_ []byte, size int64, err error) {
	var head [frameHeader]byte
	switch n, err := io.ReadFull(r, head[:]); {
	case n == 0 && errors.Is(err, io.EOF):
		return nil, 0, io.EOF
	case err != nil:
		return nil, 0, torn(err)
	}
	packed, full := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint32(head[4:])
	if full > maxFramePlain || packed > maxFramePlain {
		return nil, 0, fmt.Errorf("a frame of %d bytes that claims to unpack to %d; at most %d are written", packed, full, maxFramePlain)
	}
	payload := make([]byte, packed)
	if _, err := io.ReadFull(r, payload); err != nil {
		return nil, 0, torn(err)
	}
	if got, want := frameSum(head[:8], payload), binary.LittleEndian.Uint32(head[8:]); got != want {
		return nil, 0, fmt.Errorf("CRC-32C of the frame is %08x, its header says %08x", got, want)
	}
	dec, err := unpacker()
	if err != nil {
		return nil, 0, fmt.Errorf("zstd: %w", err)
	}
	plain, err = dec.DecodeAll(payload, plain[:0])
	if err != nil {
		return nil, 0, fmt.Errorf("zstd: %w", err)
	}
	if len(plain) != int(full) {
		return nil, 0, fmt.Errorf("the frame unpacks to %d bytes, its header says %d", len(plain), full)
	}
	return plain, frameHeader + int64(packed), nil
}

// errTorn is a segment that ends within a frame: a write that was cut short.
var errTorn = errors.New("the file ends within a frame")

func torn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errTorn
	}
	return err
}

// fields reads the fields of records. After the first error all are zero, and bad is set.
type fields struct {
	b   []byte
	at  int
	bad bool
}

func (f *fields) fail() { f.bad, f.at = true, len(f.b) }

func (f *fields) u() uint64 {
	v, n := binary.Uvarint(f.b[f.at:])
	if n <= 0 {
		f.fail()
		return 0
	}
	f.at += n
	return v
}

func (f *fields) i() int64 {
	v, n := binary.Varint(f.b[f.at:])
	if n <= 0 {
		f.fail()
		return 0
	}
	f.at += n
	return v
}

// s gives bytes of the frame, not a copy.
func (f *fields) s() []byte {
	n := f.u()
	if n > uint64(len(f.b)-f.at) {
		f.fail()
		return nil
	}
	f.at += int(n)
	return f.b[f.at-int(n) : f.at]
}

// count reads the number of things that take at least one byte each.
func (f *fields) count() int {
	n := f.u()
	if n > uint64(len(f.b)-f.at) {
		f.fail()
		return 0
	}
	return int(n)
}

func appendBytes[T string | []byte](b []byte, v T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}
