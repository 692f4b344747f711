package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	endian "encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"yingda/analytics/mine"
	"yingda/analytics/mine/cluster"
)

// sets reads the data sets that are there and wanted.
func (f *mineBench) sets() ([]benchSet, error) {
	var out []benchSet
	for _, s := range []struct {
		name   string
		chosen bool
		read   func() ([][2]string, error)
	}{
		{"banking77", true, func() ([][2]string, error) { return readBanking(filepath.Join(f.datasets, "banking77")) }},
		{"dstc11-development", true, func() ([][2]string, error) { return readInduction(f.datasets, "development") }},
		{"dstc11-banking", false, func() ([][2]string, error) { return readInduction(f.datasets, "banking") }},
		{"clinc150", false, func() ([][2]string, error) {
			return readClinc(filepath.Join(f.datasets, "clinc150", "data_full.json.gz"))
		}},
	} {
		if !f.wants(s.name) {
			continue
		}
		pairs, err := s.read()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		set, at := benchSet{name: s.name, chosen: s.chosen}, map[string]int{}
		for _, p := range pairs {
			if _, ok := at[p[1]]; !ok {
				at[p[1]] = len(at)
			}
			set.texts, set.labels = append(set.texts, p[0]), append(set.labels, at[p[1]])
		}
		out = append(out, set)
	}
	return out, nil
}

// unpack opens a gzipped file.
func unpack(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{z, file}, nil
}

// readClinc reads the texts in scope of all splits.
func readClinc(path string) ([][2]string, error) {
	r, err := unpack(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var splits map[string][][2]string
	if err := json.NewDecoder(r).Decode(&splits); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return append(append(splits["train"], splits["val"]...), splits["test"]...), nil
}

// readBanking reads both splits.
func readBanking(dir string) (out [][2]string, err error) {
	for _, split := range []string{"train", "test"} {
		r, err := unpack(filepath.Join(dir, split+".csv.gz"))
		if err != nil {
			return nil, err
		}
		rows, err := csv.NewReader(r).ReadAll()
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", split, err)
		}
		for _, row := range rows[1:] {
			out = append(out, [2]string{row[0], row[1]})
		}
	}
	return out, nil
}

// readInduction reads a set of DSTC11's track on intent induction.
func readInduction(datasets, name string) (out [][2]string, err error) {
	file, err := os.Open(filepath.Join(datasets, "dstc11_intent_induction", name+".utterances.jsonl"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for dec := json.NewDecoder(file); ; {
		var u struct{ Utterance, Intent string }
		if err := dec.Decode(&u); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		out = append(out, [2]string{u.Utterance, u.Intent})
	}
}

// manyTexts reads n different questions of customers from the tab-separated files in a folder.
func manyTexts(dir string, n int) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("there are no files in %s to time grouping on (%w)", dir, fs.ErrNotExist)
	}
	var out []string
	seen := map[string]bool{}
	for _, path := range paths {
		r, err := unpack(path)
		if err != nil {
			return nil, err
		}
		for lines := bufio.NewScanner(r); len(out) < n && lines.Scan(); {
			cols := strings.Split(lines.Text(), "\t")
			for _, c := range cols[min(1, len(cols)):max(1, len(cols)-1)] {
				if key := mine.Key(c); !seen[key] && len(out) < n && len(c) > 6 {
					seen[key] = true
					out = append(out, c)
				}
			}
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// vectors makes the vectors of a set, or reads those of the last run.
func (f *mineBench) vectors(ctx context.Context, set benchSet, emb mine.Embedder) (*cluster.Matrix, error) {
	sum := sha256.Sum256([]byte(emb.Name() + "\x00" + strings.Join(set.texts, "\x00")))
	path := filepath.Join(f.cache, hex.EncodeToString(sum[:8])+".f32")
	if data, err := os.ReadFile(path); f.cache != "" && err == nil && len(data)%(4*len(set.texts)) == 0 {
		m := cluster.NewMatrix(len(set.texts), len(data)/4/len(set.texts))
		for i := range m.Data {
			m.Data[i] = math.Float32frombits(endian.LittleEndian.Uint32(data[4*i:]))
		}
		return m, nil
	}
	xs, err := emb.Embed(ctx, set.texts...)
	if err != nil {
		return nil, err
	}
	m := cluster.FromRows(xs)
	m.Normalise()
	if f.cache == "" {
		return m, nil
	}
	var data []byte
	for _, v := range m.Data {
		data = endian.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return m, errors.Join(os.MkdirAll(f.cache, 0o750), os.WriteFile(path, data, 0o640))
}
