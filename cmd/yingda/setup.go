package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"yingda/models/ort/library"
)

// ortFlags say where ONNX Runtime comes from. All commands that run a model share them.
type ortFlags struct {
	library string
	cache   string
	offline bool
}

// register adds the flags to a command's. Their defaults come from the environment.
func (o *ortFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&o.library, "ort-lib", os.Getenv("YINGDA_ORT_LIB"), "`path` of libonnxruntime, 1.26 or newer; found or fetched when empty (YINGDA_ORT_LIB)")
	fs.StringVar(&o.cache, "cache", cacheDir(), "`folder` that keeps what was fetched (YINGDA_CACHE)")
	fs.BoolVar(&o.offline, "offline", os.Getenv("YINGDA_OFFLINE") != "", "fetch nothing (YINGDA_OFFLINE)")
}

// ensure finds or brings the library; progress goes to log.
func (o *ortFlags) ensure(ctx context.Context, log io.Writer) (path, version string, err error) {
	return library.Ensure(ctx, library.Options{Cache: o.cache, Library: o.library, Dirs: loaderPath(), Offline: o.offline, Log: log})
}

// loaderPath lists the folders that the user told the system's loader to search.
func loaderPath() []string {
	var dirs []string
	for _, name := range []string{"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		for dir := range strings.SplitSeq(os.Getenv(name), string(os.PathListSeparator)) {
			if dir != "" {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

func cacheDir() string {
	if dir := os.Getenv("YINGDA_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil { // no HOME, as in bare containers
		dir = os.TempDir()
	}
	return filepath.Join(dir, "yingda")
}

// runSetup implements "yingda setup": it gets everything that the other commands need and that is not in the binary.
func runSetup(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("yingda setup", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, "Usage: yingda setup [flags]\n\nFinds ONNX Runtime on this machine, or fetches it into the cache.\n\n")
		fs.PrintDefaults()
	}
	var o ortFlags
	o.register(fs)
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return errUsage // the flag package has told why
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("setup: unexpected argument %q", fs.Arg(0))
	}
	path, version, err := o.ensure(ctx, stderr)
	if err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	_, err = fmt.Fprintf(stdout, "ONNX Runtime %s  %s\n", version, path)
	return err
}
