package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"yingda/models"
	"yingda/nlu/standard"
)

const bundleHelp = `Manages the bundles in the store.

  list                 all bundles and their roles
  inspect ID|PATH      what a bundle is: heads, thresholds, metrics, licences, files
  verify ID|PATH       check every file, the graph and the tokenizer, load it and answer its probes
  import PATH          verify a bundle (folder, .zip, Hugging Face folder) and put it into the store
  activate ID          give a bundle a role (--role, default champion) without measuring it; a running server follows
                       within a second. 'yingda promote' measures first
  rollback             give the role back to the bundle before
  pull REPO            fetch a model from the Hugging Face hub and import it

All but list, inspect and rollback load the model.`

func runBundle(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "bundle COMMAND", "[ARGUMENT]", bundleHelp)
	var f engineFlags
	f.ortFlags.register(fs)
	f.registerStore(fs)
	role := fs.String("role", string(models.Champion), "champion, challenger or shadow")
	var pull pullFlags
	pull.register(fs)
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		if len(args) > 0 {
			if err := parseFlags(fs, args); err != nil {
				return err
			}
		}
		fs.Usage()
		return errUsage
	}
	verb, rest := args[0], args[1:]
	words, err := parseWords(fs, rest)
	if err != nil {
		return err
	}
	if !slices.Contains(models.Roles, models.Role(*role)) {
		return fmt.Errorf("bundle: unknown role %q; known are champion, challenger, shadow", *role)
	}
	want := map[string]int{"list": 0, "rollback": 0, "inspect": 1, "verify": 1, "import": 1, "activate": 1, "pull": 1}
	n, known := want[verb]
	if !known || len(words) != n {
		fs.Usage()
		return errUsage
	}
	store, err := openStore(f.store)
	if err != nil {
		return err
	}
	b := bundleCommand{flags: &f, store: store, role: models.Role(*role), std: std}
	return b.do(ctx, verb, append(words, "")[0], pull)
}

// do runs a verb of "yingda bundle" that is known to exist, on the bundle it names, "" for those that name none.
func (b *bundleCommand) do(ctx context.Context, verb, bundle string, pull pullFlags) error {
	switch verb {
	case "list":
		return b.list()
	case "inspect":
		return b.inspect(bundle)
	case "verify":
		_, err := b.verify(ctx, bundle)
		return err
	case "import":
		return b.importPath(ctx, bundle)
	case "activate":
		return b.activate(ctx, models.BundleID(bundle))
	case "rollback":
		return b.rollback()
	default:
		return b.pull(ctx, bundle, pull)
	}
}

// bundleCommand is one call of "yingda bundle".
type bundleCommand struct {
	flags *engineFlags
	store *models.Store
	role  models.Role
	std   stdio
}

func (b *bundleCommand) list() error {
	ids, err := b.store.List()
	if err != nil {
		return err
	}
	state, err := b.store.State()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(b.std.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(w, "BUNDLE\tROLE\tVERSION\tLANGUAGES\tHEADS")
	for _, id := range ids {
		var roles []string
		for _, r := range models.Roles {
			current := state.Current(r)
			if current == "" && r == models.Champion {
				current = b.store.Builtin()
			}
			if current == id {
				roles = append(roles, string(r))
			}
		}
		m, err := b.store.Manifest(id)
		if err != nil {
			fmt.Fprintf(w, "%s\t%s\t%v\t\t\n", id, strings.Join(roles, ","), err)
			continue
		}
		var heads []string
		for _, h := range m.Heads {
			heads = append(heads, h.Name)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", id, strings.Join(roles, ","), m.Version, strings.Join(m.Languages, ","), strings.Join(heads, ","))
	}
	return w.Flush()
}

// open reads and verifies a bundle by id or path.
func (b *bundleCommand) open(ref string) (*models.Bundle, error) {
	if _, err := os.Stat(ref); err == nil {
		return models.OpenPath(ref)
	}
	return b.store.Open(models.BundleID(ref))
}

func (b *bundleCommand) inspect(ref string) error {
	bundle, err := b.open(ref)
	if err != nil {
		return err
	}
	m := bundle.Manifest
	w := tabwriter.NewWriter(b.std.out, 2, 4, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(w, "%s\t%v\n", name, value) }
	row("bundle", m.ID)
	row("version", m.Version)
	row("from", bundle.Source)
	row("parent", m.Parent)
	row("languages", strings.Join(m.Languages, ", "))
	row("encoder", m.Model.Encoder)
	row("longest text", fmt.Sprintf("%d tokens", m.Model.MaxTokens))
	for _, h := range m.Heads {
		row("head "+h.Name, fmt.Sprintf("%s, %d columns", h.Kind, h.Width()))
	}
	if i := m.Intents; i != nil {
		row("intents", fmt.Sprintf("temperature %.3f, not understood below %.2f or from out-of-scope %.2f, clauses from %.2f", i.Temperature, i.MinScore, i.MaxOOS, i.Clause.MinScore))
	}
	for _, group := range []struct {
		name   string
		values map[string]any
	}{{"training", m.Training}, {"metric", m.Metrics}} {
		for _, k := range sortedKeys(group.values) {
			row(group.name+" "+k, group.values[k])
		}
	}
	for _, k := range sortedKeys(m.Licences) {
		row("licence of "+k, m.Licences[k])
	}
	for _, k := range sortedKeys(m.Files) {
		row("file "+k, fmt.Sprintf("%.1f MB  %s", float64(m.Files[k].Size)/1e6, m.Files[k].SHA256[:16]))
	}
	return w.Flush()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// verify loads the bundle as a server would.
func (b *bundleCommand) verify(ctx context.Context, ref string) (*models.Bundle, error) {
	bundle, err := b.open(ref)
	if err != nil {
		return nil, err
	}
	if err := b.flags.initORT(ctx, io.Discard); err != nil {
		return nil, err
	}
	e, err := buildEngine(bundle, standard.Options{})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	fmt.Fprintf(b.std.out, "%s is sound: %d files, %d heads, %d probes answered as recorded\n", bundle.Manifest.ID, len(bundle.Manifest.Files), len(bundle.Manifest.Heads), len(bundle.Manifest.Probes))
	return bundle, nil
}

func (b *bundleCommand) importPath(ctx context.Context, path string) error {
	bundle, err := b.verify(ctx, path)
	if err != nil {
		return err
	}
	dir, err := bundle.Write(b.store.Dir())
	if err != nil {
		return err
	}
	fmt.Fprintf(b.std.out, "stored as %s\nuse it with: yingda bundle activate %s\n", dir, bundle.Manifest.ID)
	return nil
}

// activate verifies the bundle before the state says that it is to be used.
func (b *bundleCommand) activate(ctx context.Context, id models.BundleID) error {
	if _, err := b.verify(ctx, string(id)); err != nil {
		if errors.Is(err, models.ErrNoBundle) {
			return fmt.Errorf("%w; 'yingda bundle list' shows what is there, 'yingda bundle import PATH' adds one", err)
		}
		return err
	}
	if _, err := b.store.Open(id); err != nil {
		return fmt.Errorf("activate takes the id of a bundle in the store; import it first: %w", err)
	}
	if err := b.store.SetRole(b.role, id); err != nil {
		return err
	}
	fmt.Fprintf(b.std.out, "%s is the %s; a running server follows within a second\n", id, b.role)
	return nil
}

func (b *bundleCommand) rollback() error {
	id, err := b.store.Rollback(b.role)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.std.out, "%s is the %s again; a running server follows within a second\n", id, b.role)
	return nil
}
