package store

import (
	"fmt"
	"io"
	"testing"
)

// BenchmarkJournalCommit appends a tick of 1,000 points (16 bytes each) in ten records and makes it durable.
func BenchmarkJournalCommit(b *testing.B) {
	s := open(b, b.TempDir())
	record := make([]byte, 1600)
	tick := func() {
		for range 10 {
			if _, err := s.Journal().Append(record); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Journal().Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.SetBytes(int64(10 * len(record)))
	for b.Loop() {
		tick()
	}
}

// BenchmarkJournalAppend is the part without the disk.
func BenchmarkJournalAppend(b *testing.B) {
	s := open(b, b.TempDir(), func(o *Options) { o.NoSync = true })
	record := make([]byte, 1600)
	one := func() {
		if _, err := s.Journal().Append(record); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		one()
	}
}

// BenchmarkJournalReplay reads 10,000 records of 1,600 bytes.
func BenchmarkJournalReplay(b *testing.B) {
	s := open(b, b.TempDir(), func(o *Options) { o.NoSync = true })
	record := make([]byte, 1600)
	for range 10_000 {
		if _, err := s.Journal().Append(record); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Journal().Commit(); err != nil {
		b.Fatal(err)
	}
	all := func() {
		if err := s.Journal().Replay(0, func(Position, []byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.SetBytes(int64(s.Journal().End()))
	for b.Loop() {
		all()
	}
}

// The states of 100,000 series, 1.5 KiB each, in 64 shards.
const (
	benchShards = 64
	benchSeries = 100_000
	benchState  = 1536
)

func benchWrite(b *testing.B, s *Store, state []byte) {
	err := s.write(nil, 0, benchShards, func(shard int, w io.Writer) error {
		for i := shard; i < benchSeries; i += benchShards {
			if _, err := w.Write(state); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkSnapshotWrite(b *testing.B) {
	s := open(b, b.TempDir())
	state := make([]byte, benchState)
	b.ReportAllocs()
	b.SetBytes(benchSeries * benchState)
	for b.Loop() {
		benchWrite(b, s, state)
	}
}

func BenchmarkSnapshotLoad(b *testing.B) {
	s := open(b, b.TempDir())
	benchWrite(b, s, make([]byte, benchState))
	load := func() {
		if _, err := s.LoadSnapshot(func(_ Snapshot, each Shards) error { return each(func(int, io.Reader) error { return nil }) }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.SetBytes(benchSeries * benchState)
	for b.Loop() {
		load()
	}
}

// BenchmarkCommit writes 1,000 transitions and as many anomalies in one durable transaction.
func BenchmarkCommit(b *testing.B) {
	s := open(b, b.TempDir())
	n := 0
	write := func() {
		var batch Batch
		for i := range 1000 {
			id := fmt.Sprintf("%d/%d", n, i)
			batch.Transitions = append(batch.Transitions, transition(id, int64(n), "job", "api", "instance", "10.0.0.1:9100"))
			batch.Anomalies = append(batch.Anomalies, anomaly(id, int64(n), 0, 2, "job", "api", "instance", "10.0.0.1:9100"))
		}
		n++
		commit(b, s, batch)
	}
	b.ReportAllocs()
	for b.Loop() {
		write()
	}
}

// BenchmarkAnomalies reads a page of 100 of 20,000 episodes.
func BenchmarkAnomalies(b *testing.B) {
	s := open(b, b.TempDir())
	var batch Batch
	for i := range 20_000 {
		batch.Anomalies = append(batch.Anomalies, anomaly(fmt.Sprint(i), int64(i), int64(i)+10, 2, "job", "api"))
	}
	commit(b, s, batch)
	read := func() {
		if rows, _, err := s.Anomalies(b.Context(), AnomalyQuery{From: 5000, To: 15_000, MinScore: 1, Limit: 100}); err != nil || len(rows) != 100 {
			b.Fatal(len(rows), err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		read()
	}
}
