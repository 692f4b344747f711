package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"yingda/dialogue/eventlog"
)

const eventlogHelp = `Looks after the log of conversations. It must not be open in a server, unless it is on an external cluster (--nats).

  verify      read everything and check seals, chains and checkpoints; exit code 1 when something is damaged`

// logFlags say where the event log is and how it is opened. All commands that open it share them.
type logFlags struct {
	dir      string
	nats     string
	creds    string
	tls      eventlog.TLS
	key      string
	replicas int
	maxMiB   int64

	keepParses time.Duration // no flag of its own; 0 = as the log has it
}

// register adds the flags to a command's. Their defaults come from the environment.
func (f *logFlags) register(fs *flag.FlagSet) {
	fs.StringVar(&f.dir, "log", logDir(), "`folder` of the event log (YINGDA_LOG)")
	fs.StringVar(&f.nats, "nats", os.Getenv("YINGDA_NATS"), "`URL` of an external NATS cluster that keeps the event log instead; it must run with sync_interval: always (YINGDA_NATS)")
	fs.StringVar(&f.creds, "nats-creds", os.Getenv("YINGDA_NATS_CREDS"), "credentials `file` for the cluster (YINGDA_NATS_CREDS)")
	fs.StringVar(&f.tls.CA, "nats-ca", "", "PEM `file` of the authorities that sign the cluster's servers")
	fs.StringVar(&f.tls.Cert, "nats-cert", "", "PEM `file` of this client's certificate")
	fs.StringVar(&f.tls.Key, "nats-key", "", "PEM `file` of its private key")
	fs.IntVar(&f.replicas, "nats-replicas", 0, "how many servers of the cluster keep each stream (default: 3 in a cluster)")
	fs.StringVar(&f.key, "master-key", os.Getenv("YINGDA_MASTER_KEY_FILE"),
		"`file` with the master key of the event log (YINGDA_MASTER_KEY_FILE, or the key itself in YINGDA_MASTER_KEY; default: master.key beside the folder of the log)")
	fs.Int64Var(&f.maxMiB, "log-max", 0, "largest size of the event log in `MiB` (default: 80 % of the free disk)")
}

func logDir() string {
	if dir := os.Getenv("YINGDA_LOG"); dir != "" {
		return dir
	}
	return filepath.Join(filepath.Dir(filepath.Clean(storeDir())), "log")
}

// keyPath returns the file of the master key.
func (f *logFlags) keyPath() string {
	if f.key != "" {
		return f.key
	}
	return filepath.Join(filepath.Dir(filepath.Clean(f.dir)), "master.key")
}

// options returns how to open the log. With create, a new embedded log gets a key file if it has none, which is said on w; without it
// there must be a log.
func (f *logFlags) options(create bool, w io.Writer, log *slog.Logger) (eventlog.Options, error) {
	o, fresh := f.place(log), false
	if o.URL != "" {
		// a cluster may be new: whether keys are missing is found out when it is opened
	} else if _, err := os.Stat(filepath.Join(f.dir, "jetstream")); errors.Is(err, os.ErrNotExist) {
		if fresh = true; !create {
			return o, fmt.Errorf("there is no event log in %s: name its folder with --log, or an external cluster with --nats", f.dir)
		}
	}
	var err error
	o.Master, o.Previous, err = f.masterKeys(fresh, w)
	return o, err
}

// place returns where the log is, without keys.
func (f *logFlags) place(log *slog.Logger) eventlog.Options {
	o := eventlog.Options{Dir: f.dir, Replicas: f.replicas, MaxBytes: f.maxMiB << 20, KeepParses: f.keepParses, Credentials: f.creds, Logger: log}
	if f.nats != "" {
		o.Dir, o.URL = "", f.nats
	}
	if f.tls != (eventlog.TLS{}) {
		o.TLS = &f.tls
	}
	return o
}

// masterKeys reads the key from the environment or its file.
func (f *logFlags) masterKeys(fresh bool, w io.Writer) (current []byte, previous [][]byte, err error) {
	if text := os.Getenv("YINGDA_MASTER_KEY"); text != "" && f.key == "" {
		if current, previous, err = eventlog.ParseMasterKeys([]byte(text)); err != nil {
			return nil, nil, fmt.Errorf("YINGDA_MASTER_KEY: %w", err)
		}
		return current, previous, nil
	}
	path := f.keyPath()
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && fresh && f.key == "" {
		if err := newKeyFile(path); err != nil {
			return nil, nil, err
		}
		fmt.Fprintf(w, "Made a master key for the conversations in %s: %s. Keep a copy of it elsewhere: without it they cannot be read.\n", f.dir, path)
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("master key of the event log: %w; name its file with --master-key, or make a new one with 'yingda keys new' for a new log", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		fmt.Fprintf(w, "Others can read the master key in %s: chmod 600 %s\n", path, path)
	}
	if current, previous, err = eventlog.ParseMasterKeys(text); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return current, previous, nil
}

// open opens a log that is there.
func (f *logFlags) open(ctx context.Context, std stdio) (*eventlog.Log, error) {
	o, err := f.options(false, std.err, newLogger(std.err, slog.LevelWarn))
	if err != nil {
		return nil, err
	}
	return eventlog.Open(ctx, o)
}

func runEventlog(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "eventlog", "verify", eventlogHelp)
	var f logFlags
	f.register(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "verify" {
		fs.Usage()
		return errUsage
	}
	l, err := f.open(ctx, std)
	if err != nil {
		return err
	}
	v, err := verifyLog(ctx, l, std)
	if err = errors.Join(err, l.Close()); err != nil {
		return err
	}
	if *asJSON {
		err = json.NewEncoder(std.out).Encode(v)
	} else {
		printVerification(std.out, v)
	}
	if err == nil && !v.OK() {
		err = fmt.Errorf("eventlog: %d damaged messages", v.Damaged)
	}
	return err
}

func verifyLog(ctx context.Context, l *eventlog.Log, std stdio) (eventlog.Verification, error) {
	p := newProgress(std.err)
	defer p.end()
	return l.Verify(ctx, func(done, total uint64) { p.report("verify", int(done), int(total), "") })
}

func printVerification(w io.Writer, v eventlog.Verification) {
	fmt.Fprintf(w, "%d events in %d conversations, %.1f MiB; %d unreadable by erasure; %d versions of documents\n",
		v.Messages, v.Conversations, float64(v.Bytes)/(1<<20), v.Erased, v.Documents)
	fmt.Fprintf(w, "%d checkpoints agree, up to event %d\n", v.Checkpoints, v.Checkpointed)
	if v.OK() {
		fmt.Fprintln(w, "nothing is damaged")
		return
	}
	for _, d := range v.Damage {
		fmt.Fprintf(w, "  %s %d %s: %v\n", d.Stream, d.Seq, d.Subject, d.Err)
	}
	if more := v.Damaged - len(v.Damage); more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}
