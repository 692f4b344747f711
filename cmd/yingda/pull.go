package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"yingda/models/hub"
)

// pullFlags are those of "yingda bundle pull".
type pullFlags struct{ revision, onnx, folder string }

func (p *pullFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&p.revision, "revision", "", "pull: branch, tag or commit")
	fs.StringVar(&p.onnx, "onnx", "", "pull: path of the .onnx file in the repository, when there are several")
	fs.StringVar(&p.folder, "folder", "", "pull: leave the files in this `folder` and import nothing: an encoder to train on")
}

// pull fetches a model and imports it. What was downloaded stays in the hub's own cache, so an interrupted pull goes on where it was.
func (b *bundleCommand) pull(ctx context.Context, repo string, f pullFlags) error {
	if err := os.MkdirAll(b.flags.cache, 0o755); err != nil {
		return fmt.Errorf("pull: %w", err)
	}
	tmp, err := os.MkdirTemp(b.flags.cache, "pull-")
	if err != nil {
		return fmt.Errorf("pull: %w", err)
	}
	defer os.RemoveAll(tmp)
	dest := filepath.Join(tmp, path.Base(repo)) // the folder's name becomes the bundle's
	if f.folder != "" {
		dest = f.folder
	}
	p := newProgress(b.std.err)
	defer p.end()
	commit, err := hub.Pull(ctx, hub.Options{Repo: repo, Revision: f.revision, OnnxFile: f.onnx, Dest: dest,
		Progress: func(file string, done, total int64) { p.report(file, int(done), int(total), "bytes") }})
	if err != nil {
		return err
	}
	p.end()
	fmt.Fprintf(b.std.out, "pulled %s at %s\n", repo, commit)
	if f.folder != "" {
		_, err = fmt.Fprintf(b.std.out, "%s\n", dest)
		return err
	}
	return b.importPath(ctx, dest)
}
