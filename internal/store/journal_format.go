package store

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// A segment file is a header (8 bytes magic, 8 bytes start position, 4 bytes CRC32C of these) and records (4 bytes payload
// length, 4 bytes CRC32C of length and payload, payload). Integers are little-endian. The file's name is its start position.
const (
	segmentMagic  = "TIDEJRN1"
	segmentHeader = 20
	recordHeader  = 8
	segmentSuffix = ".journal"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func recordSize(payload []byte) Position { return Position(recordHeader + len(payload)) }

func appendRecord(b, payload []byte) []byte {
	var h [recordHeader]byte
	binary.LittleEndian.PutUint32(h[:4], uint32(len(payload)))
	binary.LittleEndian.PutUint32(h[4:], recordCRC(h[:4], payload))
	return append(append(b, h[:]...), payload...)
}

func recordCRC(length, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, payload)
}

func encodeHeader(start Position) []byte {
	b := append(make([]byte, 0, segmentHeader), segmentMagic...)
	b = binary.LittleEndian.AppendUint64(b, uint64(start))
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func segmentName(start Position) string { return fmt.Sprintf("%016x%s", uint64(start), segmentSuffix) }

// parseSegmentName is the start position that a file name stands for; ok is false for other files.
func parseSegmentName(name string) (start Position, ok bool) {
	hex, found := strings.CutSuffix(filepath.Base(name), segmentSuffix)
	n, err := strconv.ParseUint(hex, 16, 64)
	return Position(n), found && err == nil && len(hex) == 16
}

// scanned is what a scan of a segment found.
type scanned struct {
	end       Position // after the last good record
	badHeader bool
	holes     []Hole // damage that good records follow
	tail      int64  // bytes after the last good record
}

// scanSegment reads the size bytes of a segment that begins at start: the header, then every record from position from (a
// record boundary) on. A record whose checksum is wrong is skipped by its length; where that does not lead to a good record,
// the rest of the segment is lost. fn gets the position after each good record; the payload is valid during the call.
func scanSegment(r io.ReadSeeker, start, from Position, size int64, fn func(Position, []byte) error) (scanned, error) {
	res := scanned{end: from}
	var h [segmentHeader]byte
	if _, err := io.ReadFull(r, h[:]); err != nil && !isEOF(err) {
		return res, err
	}
	res.badHeader = !bytes.Equal(h[:], encodeHeader(start))
	at := segmentHeader + int64(from-start)
	if _, err := r.Seek(at, io.SeekStart); err != nil {
		return res, err
	}
	rr := recordReader{r: bufio.NewReaderSize(r, 256<<10)}
	for at < size {
		rec, ok, err := rr.read(size - at)
		if err != nil {
			return res, err
		}
		if rec == nil {
			break
		}
		at += int64(recordSize(rec))
		if !ok {
			continue
		}
		end := start + Position(at-segmentHeader)
		if begin := end - recordSize(rec); begin != res.end {
			res.holes = append(res.holes, newHole(start, res.end, begin))
		}
		res.end = end
		if err := fn(end, rec); err != nil {
			return res, err
		}
	}
	res.tail = max(0, size-segmentHeader-int64(res.end-start))
	return res, nil
}

// recordReader reads record after record into one buffer.
type recordReader struct {
	r   *bufio.Reader
	h   [recordHeader]byte
	buf []byte
}

// read reads one record of at most left bytes. It returns nil where the length cannot be right, and ok false where the
// checksum is wrong.
func (rr *recordReader) read(left int64) (rec []byte, ok bool, err error) {
	if left < recordHeader {
		return nil, false, nil
	}
	if _, err := io.ReadFull(rr.r, rr.h[:]); err != nil {
		return nil, false, ignoreEOF(err)
	}
	n := int64(binary.LittleEndian.Uint32(rr.h[:4]))
	if n > MaxRecord || n > left-recordHeader {
		return nil, false, nil
	}
	if rr.buf == nil || int64(cap(rr.buf)) < n {
		rr.buf = make([]byte, n)
	}
	rec = rr.buf[:n]
	if _, err := io.ReadFull(rr.r, rec); err != nil {
		return nil, false, ignoreEOF(err)
	}
	return rec, binary.LittleEndian.Uint32(rr.h[4:]) == recordCRC(rr.h[:4], rec), nil
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// ignoreEOF is nil for the end of a file that is shorter than expected: damage, not a failure to read.
func ignoreEOF(err error) error {
	if isEOF(err) {
		return nil
	}
	return err
}
