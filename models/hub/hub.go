// Package hub uses hugot (in its pure-Go build) for what it is best at: it pulls models from the Hugging Face hub, and runs
// hub pipelines for offline jobs: embeddings, text classification, token classification, zero-shot, cross-encoder.
//
// It does not serve: hugot's Go backend is many times slower than package ort, and its caches grow with every new input
// shape. The wrappers here are thin; where hugot v0.7.5 surprises, they say so and step around it.
//
// [Pull] chooses files by hugot's rules and downloads with hugot's downloader (go-huggingface), not through
// hugot.DownloadModel, which ignores its context, keeps the causes of failures to itself and prints. The downloader takes a
// broken connection for the end of a file, so every file is checked against the size and hash that the hub states.
package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gomlx/go-huggingface/hub"
	"github.com/knights-analytics/hugot"
)

// Options say what Pull downloads.
type Options struct {
	// Repo is the model's name, e.g. "sentence-transformers/all-MiniLM-L6-v2". Required.
	Repo string
	// Revision is a branch, tag or commit; default "main".
	Revision string
	// OnnxFile is the path of the model inside the repository, e.g. "onnx/model.onnx". It may be empty when there is only one.
	OnnxFile string
	// Dest is the folder to make; it must not exist or be empty. Required.
	Dest string
	// Cache keeps what was downloaded, in the layout that Python's huggingface_hub shares. Default: the user's, which makes a
	// model that Python has downloaded instant.
	Cache string
	// Endpoint is the hub's address. Default: HF_ENDPOINT as the downloader reads it, else the public hub.
	Endpoint string
	// Token authorises private and gated models.
	Token string
	// Progress is called from one goroutine at a time, total is 0 when unknown. Default: none.
	Progress func(file string, done, total int64)
}

// ErrDamaged is returned when a file is not what the hub says it is, also after it was downloaded again.
var ErrDamaged = errors.New("the downloaded file is damaged")

const tries = 3

var repoName = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$`)

// Pull downloads a model into o.Dest: config.json, tokenizer.json, the ONNX file as model.onnx, and the tokenizer's small
// files where there are any. models.OpenPath reads such a folder. It returns the commit that was downloaded.
//
// Files that are complete stay in the cache when Pull is interrupted, and are not downloaded again; a file that was under
// way begins anew, as the downloader cannot resume it. When ctx ends, Pull returns at once.
func Pull(ctx context.Context, o Options) (commit string, err error) {
	if !repoName.MatchString(o.Repo) || strings.Contains(o.Repo, "..") {
		return "", fmt.Errorf("pull: %q is not the name of a model, such as owner/name", o.Repo)
	}
	if o.Dest == "" {
		return "", fmt.Errorf("pull %s: no folder given", o.Repo)
	}
	if o.Revision == "" {
		o.Revision = "main"
	}
	type result struct {
		commit string
		err    error
	}
	done := make(chan result, 1)
	p := newPuller(o)
	go func() { // the downloader does not take a context for every request
		commit, err := p.pull(ctx)
		done <- result{commit, err}
	}()
	select {
	case r := <-done:
		commit, err = r.commit, r.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("pull %s@%s: %w", o.Repo, o.Revision, err)
	}
	return commit, nil
}

type puller struct {
	Options
	repo *hub.Repo
}

func newPuller(o Options) *puller {
	repo := hub.New(o.Repo).WithRevision(o.Revision).WithAuth(o.Token).WithProgressBar(false)
	repo.Verbosity = 0
	if o.Cache != "" {
		repo.WithCacheDir(o.Cache)
	}
	if o.Endpoint != "" {
		repo.WithEndpoint(strings.TrimSuffix(o.Endpoint, "/"))
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	return &puller{Options: o, repo: repo}
}

func (p *puller) pull(ctx context.Context) (string, error) {
	// The first address asks the hub what the revision is today; everything after it is of that commit.
	address, err := p.repo.FileURL("config.json")
	if err != nil {
		return "", fmt.Errorf("ask the hub: %w", err)
	}
	files, err := p.choose()
	if err != nil {
		return "", err
	}
	commit := p.repo.Info().CommitHash
	endpoint, _, found := strings.Cut(address, "/"+p.Repo+"/resolve/")
	if !found {
		return "", fmt.Errorf("the downloader's address %s is not understood", address)
	}
	stated, err := p.statements(ctx, endpoint, commit)
	if err != nil {
		return "", fmt.Errorf("ask the hub for sizes and hashes: %w", err)
	}
	paths := map[string]string{}
	for _, f := range files {
		s, ok := stated[f.from]
		if !ok {
			return "", fmt.Errorf("the hub does not state the hash of %s, so it cannot be checked", f.from)
		}
		if paths[f.to], err = p.download(ctx, f.from, s); err != nil {
			return "", fmt.Errorf("download %s: %w", f.from, err)
		}
	}
	return commit, p.place(ctx, paths)
}

// file is a file of the repository and its name in the folder that Pull makes.
type file struct{ from, to string }

// choose lets hugot judge whether the repository can be used, and takes of each file the one nearest to the top.
func (p *puller) choose() ([]file, error) {
	names, err := hugot.ValidateDownloadedHFModel(p.repo, hugot.DownloadOptions{OnnxFilePath: p.OnnxFile, MaxRetries: 1})
	if err != nil {
		return nil, err
	}
	best := map[string]string{}
	for name, err := range p.repo.IterFileNames() {
		if err != nil {
			return nil, err
		}
		if path.Base(name) == "tokenizer.json" { // hugot takes the last it sees
			names = append(names, name)
		}
	}
	for _, name := range names {
		to := path.Base(name)
		switch {
		case path.Ext(to) == ".onnx":
			to = "model.onnx"
		case to == "chat_template.jinja" || to == "genai_config.json":
			continue // for generative models
		}
		if old, ok := best[to]; !ok || strings.Count(name, "/") < strings.Count(old, "/") {
			best[to] = name
		}
	}
	var files []file
	for _, to := range []string{"config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "model.onnx"} {
		from, ok := best[to]
		switch {
		case ok:
			files = append(files, file{from, to})
		case to == "config.json" || to == "tokenizer.json":
			return nil, fmt.Errorf("the model has no %s", to)
		}
	}
	return files, nil
}

// download gets one file into the cache and returns its path there.
func (p *puller) download(ctx context.Context, name string, want statement) (string, error) {
	var err error
	for range tries {
		var paths []string
		stop := p.watch(name, want.size)
		paths, err = p.repo.DownloadFilesCtx(ctx, name)
		stop()
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if err != nil {
			time.Sleep(200 * time.Millisecond) // a busy server
			continue
		}
		if err = want.check(paths[0]); err == nil {
			p.Progress(name, want.size, want.size)
			return paths[0], nil
		}
		if real, linkErr := filepath.EvalSymlinks(paths[0]); linkErr == nil {
			err = errors.Join(err, os.Remove(real))
		}
		err = errors.Join(err, os.Remove(paths[0]))
	}
	return "", err
}

// watch reports how the one file that is being downloaded grows.
func (p *puller) watch(name string, total int64) (stop func()) {
	dir, err := p.repo.CacheDir()
	if err != nil {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for last := int64(-1); ; {
			select {
			case <-quit:
				return
			case <-time.After(100 * time.Millisecond):
			}
			if n := unfinished(dir); n > last {
				last = n
				p.Progress(name, min(n, total), total)
			}
		}
	}()
	return func() { close(quit); <-done }
}

func unfinished(dir string) (size int64) {
	entries, err := os.ReadDir(filepath.Join(dir, "blobs"))
	if err != nil { // not made yet
		return 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".downloading") {
			size = max(size, info.Size())
		}
	}
	return size
}
