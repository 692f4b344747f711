package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"yingda/models"
	"yingda/training/gate"
)

const promoteHelp = `Measures a bundle beside the champion and gives it the next role if it holds: challenger, then shadow, then champion.

BUNDLE is an id in the store or the path of a folder or archive; one that is not in the store is added when it is promoted. The gate's report goes to
--reports, every change of a role to promotions.jsonl in the store. A refusal changes nothing and exits with 1.`

// promoteFlags are those of "yingda promote".
type promoteFlags struct {
	engineFlags
	data    multi
	to      string
	policy  string
	reports string
	force   bool
	reason  string
}

func (f *promoteFlags) register(fs *flag.FlagSet) {
	f.ortFlags.register(fs)
	f.registerStore(fs)
	f.registerRules(fs)
	fs.Var(&f.data, "data", "frozen labelled `file` or folder; may be given several times, each is judged by itself")
	fs.StringVar(&f.to, "to", "", "challenger, shadow or champion (default: the `role` after the one it has)")
	fs.StringVar(&f.policy, "policy", "", "policy `file`, read over the defaults (training/gate/policy.yaml)")
	fs.StringVar(&f.reports, "reports", "", "`folder` of the gate's reports (default: reports beside the store)")
	fs.BoolVar(&f.force, "force", false, "promote in spite of the gate and the order of roles; it is logged")
	fs.StringVar(&f.reason, "reason", "", "`why` the gate is overruled; required with --force")
}

func runPromote(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "promote", "BUNDLE", promoteHelp)
	var f promoteFlags
	f.register(fs)
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	if len(words) != 1 || len(f.data) == 0 {
		fs.Usage()
		return errUsage
	}
	if f.force != (f.reason != "") {
		return errors.New("promote: --force and --reason belong together: the reason is logged")
	}
	if f.reports == "" {
		f.reports = filepath.Join(filepath.Dir(filepath.Clean(f.store)), "reports")
	}
	p := promotion{promoteFlags: &f, std: std, progress: newProgress(std.err), policy: gate.DefaultPolicy()}
	if f.policy != "" {
		if p.policy, err = gate.LoadPolicy(f.policy); err != nil {
			return err
		}
	}
	return p.run(ctx, words[0])
}

// parseWords parses flags that stand before, between and after the arguments, and returns the arguments.
func parseWords(fs *flag.FlagSet, args []string) (words []string, err error) {
	for len(args) > 0 {
		if err := parseFlags(fs, args); err != nil {
			return nil, err
		}
		if args = fs.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	return words, nil
}

// promotion is one call of "yingda promote".
type promotion struct {
	*promoteFlags
	std      stdio
	progress *progress
	policy   gate.Policy

	store      *models.Store
	challenger *models.Bundle
	champion   models.BundleID // "" = there is none
	role       models.Role     // that it is promoted to
}

func (p *promotion) run(ctx context.Context, ref string) error {
	if err := p.prepare(ref); err != nil {
		return err
	}
	in, err := p.measure(ctx)
	if err != nil {
		return fmt.Errorf("promote %s: %w", p.challenger.Manifest.ID, err)
	}
	d := gate.Decide(in, p.policy)
	report, err := p.write(&d)
	if err != nil {
		return err
	}
	if err := d.Text(p.std.out); err != nil {
		return err
	}
	fmt.Fprintf(p.std.out, "report: %s\n", report)
	if !d.Promote && !p.force {
		return fmt.Errorf("promote: %s", d.Summary())
	}
	return p.change(&d, report)
}

// prepare finds the bundle, the champion and the role, and refuses what the order of roles does not allow before anything is measured.
func (p *promotion) prepare(ref string) (err error) {
	if p.store, err = openStore(p.promoteFlags.store); err != nil {
		return err
	}
	b := bundleCommand{store: p.store}
	if p.challenger, err = b.open(ref); err != nil {
		return fmt.Errorf("promote: %w", err)
	}
	state, err := p.store.State()
	if err != nil {
		return err
	}
	if p.champion = state.Current(models.Champion); p.champion == "" {
		p.champion = p.store.Builtin()
	}
	id := p.challenger.Manifest.ID
	if p.role = models.Role(p.to); p.to == "" {
		if p.role = models.NextRole(state.RoleOf(id)); p.champion == "" {
			p.role = models.Champion
		}
		if id == p.champion {
			p.role = models.Champion // it is already, which is told below
		}
	}
	return p.store.CheckPromotion(&state, id, p.role, p.force)
}

// change puts the bundle into the store and gives it the role.
func (p *promotion) change(d *gate.Decision, report string) error {
	if _, err := p.store.Open(d.Challenger); errors.Is(err, models.ErrNoBundle) {
		if _, err := p.challenger.Write(p.store.Dir()); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	// One that passed is not forced, unless it leaves out a step.
	state, err := p.store.State()
	if err != nil {
		return err
	}
	forced := !d.Promote || p.store.CheckPromotion(&state, d.Challenger, p.role, false) != nil
	m := models.Promotion{Bundle: d.Challenger, To: p.role, Against: d.Champion, Forced: forced, Figures: figures(d, report)}
	if forced {
		m.Reason = p.reason
	}
	c, err := p.store.Promote(m)
	if err != nil {
		return err
	}
	if forced {
		fmt.Fprintf(p.std.out, "forced: %s\n", m.Reason)
	}
	fmt.Fprintf(p.std.out, "%s is the %s", c.Bundle, c.To)
	if c.Replaced != "" {
		fmt.Fprintf(p.std.out, " in place of %s", c.Replaced)
	}
	fmt.Fprintln(p.std.out, "; a running server follows within a second")
	return nil
}

// write stores the report as Markdown and JSON and returns the path of the former.
func (p *promotion) write(d *gate.Decision) (string, error) {
	if err := os.MkdirAll(p.reports, 0o755); err != nil {
		return "", fmt.Errorf("promote: the report cannot be written, --reports FOLDER chooses another place: %w", err)
	}
	base := filepath.Join(p.reports, fmt.Sprintf("%s-%s", d.Challenger, time.Now().UTC().Format("20060102T150405Z")))
	for ext, render := range map[string]func(io.Writer) error{".json": d.JSON, ".md": d.Markdown} {
		if err := writeFile(base+ext, render); err != nil {
			return "", fmt.Errorf("promote: the report cannot be written, --reports FOLDER chooses another place: %w", err)
		}
	}
	return base + ".md", nil
}
