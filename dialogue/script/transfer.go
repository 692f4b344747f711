package script

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// Export writes what a tenant's robot says as one file that Load and Import read, by key. With all the book's own scripts are in it, else
// only what was published at run time.
func (l *Library) Export(ctx context.Context, w io.Writer, tenant string, all bool) error {
	entries, err := l.List(ctx, tenant, "")
	if err != nil {
		return fmt.Errorf("export scripts: %w", err)
	}
	scripts, names := &yaml.Node{Kind: yaml.MappingNode}, &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range entries {
		if e.Published == "" && (!all || e.Default == "") {
			continue
		}
		n, err := l.book.plain(e.Key, e.Live())
		if err != nil {
			return fmt.Errorf("export scripts: %s: %w", e.Key, err)
		}
		into, key := scripts, e.Key
		if name, ok := strings.CutPrefix(e.Key, namePrefix); ok {
			into, key = names, name
		}
		into.Content = append(into.Content, word(key), n)
	}
	root := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{word("version"), {Kind: yaml.ScalarNode, Value: "1"}}}
	for _, part := range []struct {
		name string
		node *yaml.Node
	}{{"scripts", scripts}, {"names", names}} {
		if len(part.node.Content) > 0 {
			root.Content = append(root.Content, word(part.name), part.node)
		}
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return fmt.Errorf("export scripts: %w", err)
	}
	return enc.Close()
}

func word(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

// plain returns a script's YAML with its tone written out, so that it means the same in any file.
func (b *Book) plain(key, source string) (*yaml.Node, error) {
	s, err := b.parse(key, source)
	if s == nil {
		return nil, err
	}
	f := &faults{key: key}
	n := f.root([]byte(source))
	if n == nil {
		return nil, f.err()
	}
	withTone(n, s.Tone)
	return n, nil
}

// withTone writes the field tone unless it is there or says nothing.
func withTone(n *yaml.Node, tone bool) {
	if tone && n.Kind == yaml.MappingNode && !has(n, "tone") {
		n.Content = append([]*yaml.Node{word("tone"), {Kind: yaml.ScalarNode, Value: "true"}}, n.Content...)
	}
}

// ImportAsk says what to do with a file of scripts.
type ImportAsk struct {
	Tenant  string
	By      string
	Note    string
	Publish bool // say them at once; without it they become drafts
	DryRun  bool // write nothing
}

// Imported is what became of one script of a file.
type Imported struct {
	Key     string   `json:"key"`
	Version int      `json:"version,omitempty"` // that is said now
	Diff    []string `json:"diff"`              // against what was said before
}

// Import reads a file as Export writes it. Scripts that are the same as what is said are passed over; the result tells the others. If
// any has a fault, or someone else is at work on one (dialogue.ErrConflict), the rest is not written; importing again goes on.
func (l *Library) Import(ctx context.Context, r io.Reader, ask ImportAsk) ([]Imported, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("import scripts: %w", err)
	}
	sources, err := l.readImport(data)
	if err != nil {
		return nil, fmt.Errorf("import scripts: %w", err)
	}
	entries, err := l.List(ctx, ask.Tenant, "")
	if err != nil {
		return nil, fmt.Errorf("import scripts: %w", err)
	}
	byKey := map[string]Entry{}
	for _, e := range entries {
		byKey[e.Key] = e
	}
	done := []Imported{}
	for _, one := range sources {
		now := byKey[one.key]
		before := ""
		if live := now.Live(); live != "" {
			if n, err := l.book.plain(one.key, live); err == nil {
				before = marshal(n)
			}
		}
		if before == one.source {
			continue
		}
		got := Imported{Key: one.key, Version: now.Version, Diff: diff(before, one.source)}
		if !ask.DryRun {
			if got.Version, err = l.importOne(ctx, one.key, one.source, now.Revision, ask); err != nil {
				return done, fmt.Errorf("import scripts: %w", err)
			}
		}
		done = append(done, got)
	}
	return done, nil
}

// importOne writes a draft and publishes it if asked to.
func (l *Library) importOne(ctx context.Context, key, source string, revision uint64, ask ImportAsk) (int, error) {
	e := Edit{Tenant: ask.Tenant, Key: key, Revision: revision, By: ask.By, Note: ask.Note}
	out, _, err := l.Save(ctx, e, source)
	if err == nil && ask.Publish {
		e.Revision = out.Revision
		out, err = l.Publish(ctx, e)
	}
	return out.Version, err
}

// keyed is a script of an imported file.
type keyed struct{ key, source string }

// readImport reads and checks all scripts of a file.
func (l *Library) readImport(data []byte) ([]keyed, error) {
	f := &faults{}
	if len(data) > maxFile {
		f.addf(0, "", "the file has more than %d MiB; split it", maxFile>>20)
		return nil, f.err()
	}
	root := f.root(data)
	if root == nil {
		return nil, f.err()
	}
	scripts := f.scriptFile(root)
	if len(f.all) > 0 {
		return nil, f.err()
	}
	var out []keyed
	seen := map[string]bool{}
	for _, s := range scripts {
		if seen[s.Key] {
			f.all = append(f.all, &Fault{Line: s.line, Key: s.Key, Reason: "is there twice; keep one"})
			continue
		}
		seen[s.Key] = true
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(s.Source), &n); err != nil {
			return nil, err
		}
		withTone(n.Content[0], s.Tone)
		source := marshal(n.Content[0])
		if _, err := l.checkDraft(s.Key, source); err != nil {
			for _, fault := range FaultsOf(err) {
				fault.Line += s.line - 1
				f.all = append(f.all, fault)
			}
		}
		out = append(out, keyed{s.Key, source})
	}
	return out, f.err()
}

// marshal writes a node with the indentation of all our files.
func marshal(n *yaml.Node) string {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if enc.Encode(n) != nil || enc.Close() != nil {
		return ""
	}
	return b.String()
}
