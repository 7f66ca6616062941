package store

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// draft is a snapshot's directory whose shards are being written.
type draft struct {
	s   *Store
	dir string

	mu     sync.Mutex
	shards []draftShard
}

// draftShard is a shard that has been written but need not be on disk.
type draftShard struct {
	i    int
	file File
	sum  shardSum
}

// put implements PutShard.
func (d *draft) put(i int, write func(io.Writer) error) error {
	f, err := d.s.opts.FS.OpenFile(filepath.Join(d.dir, shardName(i)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	sum := &summer{w: f}
	buf := bufio.NewWriterSize(sum, 64<<10)
	if err = write(buf); err == nil {
		err = buf.Flush()
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shards = append(d.shards, draftShard{i, f, shardSum{Bytes: sum.n, CRC32C: sum.crc}})
	return nil
}

// finish makes the shards durable, unless they are not all there because of err, closes their files and gives their sums in order.
func (d *draft) finish(err error) (sums []shardSum, _ error) {
	slices.SortFunc(d.shards, func(a, b draftShard) int { return cmp.Compare(a.i, b.i) })
	for want, sh := range d.shards {
		if err == nil && sh.i != want {
			err = fmt.Errorf("shard %d was not written", want)
		}
		if cerr := d.s.closeFile(sh.file, err); err == nil && cerr != nil {
			err = fmt.Errorf("shard %d: %w", sh.i, cerr)
		}
		sums = append(sums, sh.sum)
	}
	return sums, err
}
