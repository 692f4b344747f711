package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"yingda/server"
)

const apiKeyHelp = `Makes an API key. It is printed once and kept nowhere: the file of 'yingda serve --keys' holds only its hash. With --file the line is
added to that file, which a running server takes over within seconds; without it the line is printed.

Roles: runtime (channels and bots: texts, messages, events), agent (people who answer), manager (scripts, tasks, knowledge, agents),
read (dashboards; nothing of customers), admin (everything). --agent binds a key to one agent.`

// apiKeyFlags are those of "yingda api-key".
type apiKeyFlags struct{ roles, tenant, agent, expires, file string }

func runAPIKey(_ context.Context, args []string, std stdio) error {
	fs := newFlags(std, "api-key", "ID", apiKeyHelp)
	var f apiKeyFlags
	fs.StringVar(&f.roles, "roles", "runtime", "comma-separated `roles`")
	fs.StringVar(&f.tenant, "tenant", "", "`tenant` whose conversations the key sees (default \"default\")")
	fs.StringVar(&f.agent, "agent", "", "`agent` that the key speaks for; only with --roles agent")
	fs.StringVar(&f.expires, "expires", "", "last `day` on which the key is good, e.g. 2027-03-31 (default: it does not expire)")
	fs.StringVar(&f.file, "file", "", "key `file` to add it to; it is made when it is missing")
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		fs.Usage()
		return errUsage
	}
	var random [32]byte
	if _, err := rand.Read(random[:]); err != nil {
		return fmt.Errorf("api-key: %w", err)
	}
	credential, hash := server.NewKey(words[0], random)
	line := f.line(words[0], hash)
	if err := checkKeyLine(line); err != nil {
		return fmt.Errorf("api-key: %w", err)
	}
	where := "Put this under keys: in the key file:\n\n" + line
	if f.file != "" {
		if err := addKey(f.file, line); err != nil {
			return fmt.Errorf("api-key: %w", err)
		}
		where = "Its hash is in " + f.file + "."
	}
	_, err = fmt.Fprintf(std.out, "%s\n\nThis is the key; it is shown this once. %s\n", credential, where)
	return err
}

// line is what the key file keeps.
func (f *apiKeyFlags) line(id, hash string) string {
	parts := []string{fmt.Sprintf("id: %q", id), fmt.Sprintf("hash: %q", hash), "roles: [" + strings.Join(splitList(f.roles), ", ") + "]"}
	for _, p := range []struct{ name, value string }{{"tenant", f.tenant}, {"agent", f.agent}, {"expires", f.expires}} {
		if p.value != "" {
			parts = append(parts, fmt.Sprintf("%s: %q", p.name, p.value))
		}
	}
	return "  - {" + strings.Join(parts, ", ") + "}\n"
}

// checkKeyLine reads the line as a server would.
func checkKeyLine(line string) error {
	dir, err := os.MkdirTemp("", "yingda-key-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "key")
	if err := os.WriteFile(path, []byte("keys:\n"+line), 0o600); err != nil {
		return err
	}
	_, err = server.OpenKeys(path, time.Now)
	return err
}

// addKey adds a line to a key file, or changes nothing: the new file is checked before it takes the old one's place.
func addKey(path, line string) error {
	old, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old = []byte("keys:\n")
	case err != nil:
		return err
	case len(old) > 0 && old[len(old)-1] != '\n':
		old = append(old, '\n')
	}
	next := path + ".new"
	if err := os.WriteFile(next, append(old, line...), 0o600); err != nil {
		return err
	}
	if _, err := server.OpenKeys(next, time.Now); err != nil {
		return errors.Join(fmt.Errorf("%s would not be right with the key at its end: add it by hand", path), err, os.Remove(next))
	}
	return os.Rename(next, path)
}
