package eventlog

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Options say where the log is and how it behaves. Dir or URL, and Master, must be set; the zero value of all else is the default.
type Options struct {
	// Dir is the folder of the embedded server's files; it is made when it is missing. One process may have it open.
	Dir string
	// URL names the servers of an external cluster, e.g. "tls://a:4222,tls://b:4222". The cluster must run with sync_interval: always,
	// or acknowledged turns are lost in a power cut.
	URL string
	// TLS holds the files for an external cluster; nil = none beyond what the URL asks for.
	TLS *TLS
	// Credentials is the path of a NATS credentials file (.creds); empty = none.
	Credentials string

	// Master is the key that wraps all others: 32 bytes. It is not stored; without it nothing private can be read again.
	Master []byte
	// Previous are older master keys that may still be needed while keys are rotated.
	Previous [][]byte

	// Replicas is how many servers of an external cluster keep each stream. Default: as they are, else 3 in a cluster and 1 on a single
	// server. A cluster of two must be told 1.
	Replicas int
	// MaxBytes bounds what the log takes on disk. Default: embedded 80 % of what is free or already the log's, external unbounded.
	// When it is reached writes fail with dialogue.ErrLogFull; nothing is dropped.
	MaxBytes int64
	// Reserve is the free disk space below which the embedded log takes no more, before the server would stop by itself. Default: a
	// fiftieth of the disk, at least 64 MiB and at most 1 GiB.
	Reserve int64
	// Timeout bounds a write or a read, repeated attempts included. Default 5 s.
	Timeout time.Duration
	// Trackers bounds the memory of recently used trackers, in bytes, estimated. Default 128 MiB. Negative = none are kept.
	Trackers int64
	// SnapshotEvery is after how many events of a conversation a snapshot is written. Default 32. Negative = never.
	SnapshotEvery int
	// History is how many versions of a document are kept. Default 64, at most 1000.
	History int
	// KeepParses is how long texts are kept that were only analysed, see [Log.AppendParses]. Analytics has its own copy. Default: as the
	// log has it, 30 days at first.
	KeepParses time.Duration
	// CheckpointEvery is how often a checkpoint is written if there was anything new. Default 30 s. Negative = never.
	CheckpointEvery time.Duration

	// Logger gets what operators should know. Default: slog.Default().
	Logger *slog.Logger
	// OnDamage is called for each message that cannot be read or does not fit its chain, possibly from several goroutines and more than
	// once a message. Default: nothing; it is logged and counted anyway.
	OnDamage func(Damage)
	// Now is the clock of keys, erasures and documents. Default: time.Now.
	Now func() time.Time

	lazySync bool // of the embedded server, while a backup is restored
}

// TLS names files for a connection that is encrypted and, with Cert and Key, authenticated on both sides.
type TLS struct {
	CA   string // PEM of the authorities that sign the servers; empty = the system's
	Cert string // PEM of the client's certificate
	Key  string // PEM of its private key
}

// Damage tells of a message that is not as it was written.
type Damage struct {
	Stream  string
	Subject string
	Seq     uint64
	Err     error
}

// Defaults of Options.
const (
	defaultTimeout    = 5 * time.Second
	defaultTrackers   = 128 << 20
	defaultSnapshot   = 32
	defaultHistory    = 64
	defaultCheckpoint = 30 * time.Second
	maxHistory        = 1000
	masterBytes       = 32
	diskShare         = 0.8 // of free space that the log may take
	minReserve        = 64 << 20
	maxReserve        = 1 << 30
)

// withDefaults returns o with defaults filled in, or all that is wrong with it.
func (o Options) withDefaults() (Options, error) {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if (o.Dir == "") == (o.URL == "") {
		bad("set either the folder of an embedded log or the URL of a cluster")
	}
	if len(o.Master) != masterBytes {
		bad("the master key has %d bytes: want %d; 'yingda keys new' makes one", len(o.Master), masterBytes)
	}
	for i, p := range o.Previous {
		if len(p) != masterBytes {
			bad("previous master key %d has %d bytes: want %d", i+1, len(p), masterBytes)
		}
	}
	if o.TLS != nil && (o.TLS.Cert == "") != (o.TLS.Key == "") {
		bad("a client certificate and its key belong together: set both or none")
	}
	if o.Replicas < 0 || o.Replicas > 5 {
		bad("%d replicas: want 1 to 5, or 0 for the default", o.Replicas)
	}
	if o.MaxBytes < 0 || o.Reserve < 0 || o.Timeout < 0 {
		bad("sizes and the timeout must not be negative")
	}
	if o.KeepParses < 0 {
		bad("parses kept for %v: want a time, or 0 for the default", o.KeepParses)
	}
	if o.History < 0 || o.History > maxHistory {
		bad("a history of %d versions: want 1 to %d, or 0 for the default", o.History, maxHistory)
	}
	setDefault(&o.Timeout, defaultTimeout)
	setDefault(&o.Trackers, defaultTrackers)
	setDefault(&o.SnapshotEvery, defaultSnapshot)
	setDefault(&o.History, defaultHistory)
	setDefault(&o.CheckpointEvery, defaultCheckpoint)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, errors.Join(errs...)
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}
