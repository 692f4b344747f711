package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"yingda/dialogue/action"
	"yingda/dialogue/proactive"
	"yingda/dialogue/profile"
)

// secretOf finds a secret by the name that a configuration file uses: in the environment as YINGDA_SECRET_<NAME>, or in a file of that
// path. Configuration files never hold secrets themselves.
func secretOf(name string) (string, error) {
	variable := "YINGDA_SECRET_" + strings.ToUpper(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name))
	if v := os.Getenv(variable); v != "" {
		return v, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("secret %q: neither %s is set nor is there such a file: %w", name, variable, err)
	}
	return strings.TrimSpace(string(data)), nil
}

func secretsOf(name string) ([]action.Secret, error) {
	if name == "" {
		return nil, nil
	}
	text, err := secretOf(name)
	if err != nil {
		return nil, err
	}
	return action.ParseSecrets(text)
}

// openActions connects the operator's systems; nil without a file.
func openActions(path string, log *slog.Logger) (*action.Client, error) {
	if path == "" {
		return nil, nil
	}
	cfg, err := action.Load(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		return nil, fmt.Errorf("--actions: %w", err)
	}
	return action.New(action.Options{Config: cfg, Secret: secretOf, Log: log})
}

// readStrict reads a small YAML file that has no fields but those of v.
func readStrict(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// providerFile is the file of --profiles: one of http and sql.
type providerFile struct {
	HTTP *struct {
		URL    string            `yaml:"url"`    // with {customer}
		Secret string            `yaml:"secret"` // name of the secret that signs requests; empty = unsigned
		Header map[string]string `yaml:"header"` // values may be secret:NAME
		Allow  []string          `yaml:"allow"`  // hosts and address ranges that may be called although they are not public
	} `yaml:"http"`
	SQL *struct {
		Driver  string        `yaml:"driver"`
		DSN     string        `yaml:"dsn"` // name of the secret that holds it
		Query   string        `yaml:"query"`
		History string        `yaml:"history"`
		Timeout time.Duration `yaml:"timeout"`
	} `yaml:"sql"`
}

// openProvider connects the system that knows the customers.
func openProvider(path string) (profile.Provider, func(), error) {
	var f providerFile
	if err := readStrict(path, &f); err != nil {
		return nil, nil, fmt.Errorf("--profiles: %w", err)
	}
	switch {
	case (f.HTTP == nil) == (f.SQL == nil):
		return nil, nil, fmt.Errorf("--profiles: %s: want one of http and sql", path)
	case f.SQL != nil:
		dsn, err := secretOf(f.SQL.DSN)
		if err != nil {
			return nil, nil, fmt.Errorf("--profiles: %s: sql.dsn: %w", path, err)
		}
		db, err := profile.OpenSQL(profile.SQLOptions{Driver: f.SQL.Driver, DSN: dsn, Query: f.SQL.Query, History: f.SQL.History, Timeout: f.SQL.Timeout})
		if err != nil {
			return nil, nil, fmt.Errorf("--profiles: %s: %w", path, err)
		}
		return db, func() { db.Close() }, nil
	}
	p, err := f.openHTTP()
	if err != nil {
		return nil, nil, fmt.Errorf("--profiles: %s: %w", path, err)
	}
	return p, func() {}, nil
}

func (f *providerFile) openHTTP() (*profile.HTTP, error) {
	secrets, err := secretsOf(f.HTTP.Secret)
	if err != nil {
		return nil, err
	}
	guard, err := action.NewGuard(f.HTTP.Allow)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for name, value := range f.HTTP.Header {
		if secret, ok := strings.CutPrefix(value, "secret:"); ok {
			if value, err = secretOf(secret); err != nil {
				return nil, err
			}
		}
		header.Set(name, value)
	}
	return profile.NewHTTP(profile.HTTPOptions{URL: f.HTTP.URL, Secrets: secrets, Header: header, Guard: guard})
}

// deliveryFile is the file of --deliver: by channel, "*" for all others, where messages go that the robot sends by itself.
type deliveryFile map[string]struct {
	URL    string   `yaml:"url"`
	Secret string   `yaml:"secret"`
	Allow  []string `yaml:"allow"`
}

func openDelivery(path string, into map[string]proactive.Channel) error {
	var f deliveryFile
	if err := readStrict(path, &f); err != nil {
		return fmt.Errorf("--deliver: %w", err)
	}
	connected := into["*"] // not what the file puts in its place
	for name, d := range f {
		secrets, err := secretsOf(d.Secret)
		if err != nil {
			return fmt.Errorf("--deliver: %s: %s: %w", path, name, err)
		}
		guard, err := action.NewGuard(d.Allow)
		if err != nil {
			return fmt.Errorf("--deliver: %s: %s: %w", path, name, err)
		}
		hook, err := proactive.NewWebhook(d.URL, secrets, guard, time.Now)
		if err != nil {
			return fmt.Errorf("--deliver: %s: %s: %w", path, name, err)
		}
		if connected != nil {
			into[name] = firstOf(connected, hook)
		} else {
			into[name] = hook
		}
	}
	return nil
}

// firstOf delivers to a connected customer at once, and by the other way to one who is not.
func firstOf(connected, other proactive.Channel) proactive.Channel {
	return proactive.ChannelFunc(func(ctx context.Context, d proactive.Delivery) (proactive.Status, error) {
		status, err := connected.Deliver(ctx, d)
		if errors.Is(err, proactive.ErrUnreachable) {
			return other.Deliver(ctx, d)
		}
		return status, err
	})
}

// splitList splits a flag's comma-separated list.
func splitList(s string) []string {
	var list []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
