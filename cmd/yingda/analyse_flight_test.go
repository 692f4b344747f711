package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"yingda/analytics/flight"
	"yingda/server"
)

func TestFlightFlags(t *testing.T) {
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys.yaml")
	var out bytes.Buffer
	for _, id := range []string{"dana --roles manager --tenant acme", "eve --roles read"} {
		if err := run(t.Context(), append(append([]string{"api-key"}, strings.Fields(id)...), "--file", keys), stdio{strings.NewReader(""), &out, io.Discard}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		f    flightFlags
		says string // "" = it may listen
	}{
		{"OK this machine", flightFlags{addr: "127.0.0.1:0"}, ""},
		{"OK keys", flightFlags{addr: "localhost:0", keys: keys}, ""},
		{"others without keys", flightFlags{addr: "0.0.0.0:0"}, "can be reached by others"},
		{"others without TLS", flightFlags{addr: "0.0.0.0:0", keys: keys}, "--flight-cert"},
		{"no such file", flightFlags{addr: "127.0.0.1:0", keys: filepath.Join(dir, "none")}, "none"},
		{"no such certificate", flightFlags{addr: "127.0.0.1:0", cert: "none.pem", key: "none.pem"}, "none.pem"},
		{"a certificate without its key", flightFlags{addr: "127.0.0.1:0", cert: keys}, "certificate"},
	} {
		var o flight.Options
		if _, err := tt.f.secure(&o); (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
	}
	f := flightFlags{addr: "127.0.0.1:0", keys: keys}
	var o flight.Options
	if _, err := f.secure(&o); err != nil {
		t.Fatal(err)
	}
	for i, line := range slices.Collect(strings.Lines(out.String())) {
		id, secret, ok := strings.Cut(strings.TrimSpace(line), ".")
		if !ok || id != "dana" && id != "eve" {
			continue
		}
		c, err := o.Authenticate(t.Context(), id+"."+secret)
		if (id == "dana") != (err == nil && c == flight.Caller{Name: "key:dana", Tenant: "acme"}) {
			t.Errorf("line %d, %s: %v, %v", i, id, c, err)
		}
	}
}

// What serve is told reaches the child.
func TestFlightArgs(t *testing.T) {
	given := flightFlags{addr: "127.0.0.1:1", keys: "k", cert: "c", key: "p", time: 7, rows: 8, memory: 9, queries: 10}
	var got flightFlags
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	got.register(fs, "")
	if err := fs.Parse(given.args()); err != nil || got != given {
		t.Errorf("%+v, %v; want %+v", got, err, given)
	}
	if args := new(flightFlags).args(); args != nil {
		t.Errorf("without an address: %q", args)
	}
	if err := new(flightFlags).serve(context.Background(), nil, slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
	if _, err := server.OpenKeys(os.DevNull, nil); err == nil {
		t.Error("an empty key file is taken")
	}
}
