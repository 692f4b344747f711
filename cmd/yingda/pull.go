package main

import (
	"context"
	"errors"
	"flag"
)

type pullFlags struct{ revision, onnx string }

func (p *pullFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&p.revision, "revision", "", "pull: branch, tag or commit")
	fs.StringVar(&p.onnx, "onnx", "", "pull: path of the .onnx file in the repository, when there are several")
}

func (b *bundleCommand) pull(ctx context.Context, repo string, p pullFlags) error {
	return errors.New("pull")
}
