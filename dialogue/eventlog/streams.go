package eventlog

import (
	"cmp"
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// Shares of the budget by stream; together less than 1.
const (
	turnsShare       = 0.70
	documentsShare   = 0.08
	learntShare      = 0.04
	snapshotsShare   = 0.095
	positionsShare   = 0.005
	keysShare        = 0.04
	checkpointsShare = 0.01
	parsesShare      = 0.02
)

// streamConfigs returns how the streams should be. budget 0 = unbounded.
func streamConfigs(o Options, budget int64) []jetstream.StreamConfig {
	limit := func(share float64) int64 {
		if budget == 0 {
			return -1
		}
		return int64(share * float64(budget))
	}
	// DiscardNew: a full stream refuses; it never drops the oldest in silence.
	turns := jetstream.StreamConfig{Name: turnsStream, Subjects: []string{turnsStream + ".*.*"}, Discard: jetstream.DiscardNew,
		MaxBytes: limit(turnsShare), AllowDirect: true, DenyDelete: true, DenyPurge: true,
		Description: "what happened in conversations; append only"}
	documents := jetstream.StreamConfig{Name: documentsStream, Subjects: []string{documentsStream + ".>"}, Discard: jetstream.DiscardNew,
		MaxBytes: limit(documentsShare), AllowDirect: true, MaxMsgsPerSubject: int64(o.History), AllowRollup: true, AllowMsgTTL: true,
		Description: "documents with their history"}
	// Keys are read from the leader only: a follower may not have heard of an erasure yet.
	keys := jetstream.StreamConfig{Name: keysStream, Subjects: []string{keysStream + ".>"}, Discard: jetstream.DiscardNew,
		MaxBytes: limit(keysShare), Description: "wrapped keys; erasure overwrites them"}
	snapshots := jetstream.StreamConfig{Name: snapshotsStream, Subjects: []string{snapshotsStream + ".*.*"}, Discard: jetstream.DiscardOld,
		MaxBytes: limit(snapshotsShare), AllowDirect: true, MaxMsgsPerSubject: 1,
		Description: "folded conversations; may be deleted at any time"}
	checkpoints := jetstream.StreamConfig{Name: checkpointsStream, Subjects: []string{checkpointsStream}, Discard: jetstream.DiscardOld,
		MaxBytes: limit(checkpointsShare), AllowDirect: true, Description: "hashes over the stream of turns"}
	learnt := jetstream.StreamConfig{Name: learntStream, Subjects: []string{learntStream + ".>"}, Discard: jetstream.DiscardNew,
		MaxBytes: limit(learntShare), AllowDirect: true, MaxMsgsPerSubject: 1, AllowRollup: true, AllowMsgTTL: true,
		Description: "documents that are learnt again when they are lost"}
	positions := jetstream.StreamConfig{Name: positionsStream, Subjects: []string{positionsStream + ".*"}, Discard: jetstream.DiscardOld,
		MaxBytes: limit(positionsShare), AllowDirect: true, MaxMsgsPerSubject: 1, Description: "how far consumers are"}
	parses := jetstream.StreamConfig{Name: parsesStream, Subjects: []string{parsesStream + ".*"}, Discard: jetstream.DiscardOld,
		MaxBytes: min(limit(parsesShare), maxParsesBytes), MaxMsgs: maxPacks, MaxAge: cmp.Or(o.KeepParses, defaultKeepParses), AllowDirect: true, Description: "texts that were only analysed, redacted; the oldest go"}
	all := []jetstream.StreamConfig{turns, documents, keys, snapshots, checkpoints, learnt, positions, parses}
	if o.URL == "" { // what can be made again need not wait for the disk
		for _, i := range []int{3, 4, 5, 6, 7} {
			all[i].PersistMode = jetstream.AsyncPersistMode
		}
	}
	for i := range all {
		all[i].Storage, all[i].Retention = jetstream.FileStorage, jetstream.LimitsPolicy
		all[i].Replicas = max(o.Replicas, 1)
		all[i].MaxConsumers = -1
		if all[i].MaxMsgs == 0 {
			all[i].MaxMsgs = -1
		}
		if all[i].MaxMsgsPerSubject == 0 {
			all[i].MaxMsgsPerSubject = -1
		}
	}
	return all
}

// ensureStreams makes the streams that are missing and adjusts the others.
func (l *Log) ensureStreams(ctx context.Context) error {
	o := l.opts
	var budget int64
	if l.server != nil {
		o.Replicas, budget = 1, l.server.budget
	} else {
		budget = o.MaxBytes
	}
	for _, want := range streamConfigs(o, budget) {
		err := l.again(ctx, "make stream "+want.Name, func(ctx context.Context) error { return l.ensureStream(ctx, want, o.Replicas == 0) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) ensureStream(ctx context.Context, want jetstream.StreamConfig, chooseReplicas bool) error {
	s, err := l.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if chooseReplicas {
			want.Replicas = 3
		}
		s, err = l.js.CreateStream(ctx, want)
		if chooseReplicas && hasCode(err, codeNoReplicas) { // a single server
			want.Replicas = 1
			s, err = l.js.CreateStream(ctx, want)
		}
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another replica was quicker, with a limit of its own
			s, err = l.js.Stream(ctx, want.Name)
		}
	}
	if err != nil {
		return err
	}
	have := s.CachedInfo()
	if chooseReplicas {
		want.Replicas = have.Config.Replicas
	}
	want.PersistMode = have.Config.PersistMode // cannot be changed
	if l.opts.KeepParses == 0 {
		want.MaxAge = have.Config.MaxAge
	}
	if l.server == nil && l.opts.MaxBytes == 0 {
		want.MaxBytes = have.Config.MaxBytes // as the cluster's operator set it
	}
	c := have.Config
	if near(c.MaxBytes, want.MaxBytes) && c.Replicas == want.Replicas && c.MaxMsgsPerSubject == want.MaxMsgsPerSubject &&
		c.Discard == want.Discard && c.MaxAge == want.MaxAge && c.AllowDirect == want.AllowDirect && c.AllowRollup == want.AllowRollup && c.AllowMsgTTL == want.AllowMsgTTL {
		return nil
	}
	want.MaxBytes = keepRoom(want.MaxBytes, int64(have.State.Bytes))
	_, err = l.js.UpdateStream(ctx, want)
	return err
}

// near tells whether a limit that follows the free disk is not worth changing.
func near(have, want int64) bool {
	return have == want || have > 0 && want > 0 && have-have/20 < want && want < have+have/20
}

// keepRoom returns a limit that does not fall below what is there: the stream is full then, but nothing is dropped.
func keepRoom(limit, used int64) int64 {
	if limit < 0 {
		return limit
	}
	return max(limit, used)
}
