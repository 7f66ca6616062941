package corpus

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
)

// The generated corpora: every five minutes for three weeks from a Monday on, of which the first is for training. Each file has incidents
// in its other two.
const (
	genStart  = 1_704_067_200 // 2024-01-01, a Monday
	genStep   = 300
	genDay    = 86_400 / genStep
	genPoints = 21 * genDay
	genTrain  = 7 * genDay
	genEvents = 4 // for each file
	genCopies = 3 // of each family
	genHosts  = 3 // files of several channels
)

// Generate writes two small labelled corpora below dir, which may be there: metrics (one channel a file) and hosts (several). The same seed
// gives the same bytes. They are for trying the bench and for checks where no real data are at hand; no figure of them says how good
// detection is.
func Generate(dir string, seed uint64) error {
	var files []genFile
	for k, f := range genFamilies {
		for i := range genCopies {
			r := rng{seed: seed, stream: uint64(100*k + i)}
			files = append(files, genFile{fmt.Sprintf("metrics/%s-%d.csv", f.name, i), []channel{{"value", f.make(r)}}, incidents(r, 1)})
		}
	}
	for i := range genHosts {
		r := rng{seed: seed, stream: uint64(10_000 + i)}
		files = append(files, genFile{fmt.Sprintf("hosts/host-%d.csv", i), host(r), incidents(r, hostChannels)})
	}
	manifests := map[string]string{"metrics": "file,train_points\n", "hosts": "file,train_points\n"}
	for _, f := range files {
		if err := f.write(dir); err != nil {
			return fmt.Errorf("generating corpora: %w", err)
		}
		folder, file := path.Split(f.name)
		manifests[path.Clean(folder)] += fmt.Sprintf("%s,%d\n", file, genTrain)
	}
	for folder, text := range manifests {
		if err := os.WriteFile(filepath.Join(dir, folder, manifestName), []byte(text), 0o644); err != nil {
			return fmt.Errorf("generating corpora: %w", err)
		}
	}
	return nil
}

// genFile is one file before its incidents are put into the values.
type genFile struct {
	name     string
	channels []channel
	events   []incident
}

type channel struct {
	name string
	x    []float64
}

func (f genFile) write(dir string) (err error) {
	label := make([]bool, genPoints)
	for _, e := range f.events {
		for _, c := range e.channels {
			e.kind(f.channels[c].x, e.from, e.to, e.size*spread(f.channels[c].x[:genTrain]))
		}
		for i := e.from; i < e.to; i++ {
			label[i] = true
		}
	}
	file := filepath.Join(dir, filepath.FromSlash(f.name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := bufio.NewWriter(out)
	line := []byte("timestamp")
	for _, c := range f.channels {
		line = append(append(line, ','), c.name...)
	}
	line = append(line, ",label\n"...)
	for i := range genPoints {
		if _, err := w.Write(line); err != nil {
			return err
		}
		line = strconv.AppendInt(line[:0], genStart+genStep*int64(i), 10)
		for _, c := range f.channels {
			line = strconv.AppendFloat(append(line, ','), c.x[i], 'f', 3, 64)
		}
		line = append(line, ',', '0', '\n')
		if label[i] {
			line[len(line)-2] = '1'
		}
	}
	_, err = w.Write(line)
	return errors.Join(err, w.Flush())
}

// spread is a robust measure of how much a series moves from point to point.
func spread(x []float64) float64 {
	sum := 0.0
	for i := 1; i < len(x); i++ {
		sum += math.Abs(x[i] - x[i-1])
	}
	return sum / float64(len(x)-1)
}
