package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"yingda/training"
	"yingda/training/encoder"
)

// runQuality measures what the training recipe reaches on public data sets.
func runQuality(ctx context.Context, args []string, std stdio) error {
	fs := newFlags(std, "quality", "", "Fits the frozen-encoder recipe on public training sets and judges it by their tests: CLINC150, BANKING77.")
	var f ortFlags
	f.register(fs)
	dir := fs.String("datasets", "../shared/datasets", "`folder` with clinc150/ and banking77/ as in their repositories")
	enc := fs.String("encoder", os.Getenv("YINGDA_ENCODER"), "`folder` with the pretrained encoder (YINGDA_ENCODER)")
	recipe := fs.String("recipe", "training/recipes/public.yaml", "recipe `file`")
	out := fs.String("json", "", "also write the results to this `file`")
	if err := parseFlags(fs, args); err != nil {
		return err
	}
	if *enc == "" {
		return errors.New("quality: no encoder given: --encoder FOLDER or YINGDA_ENCODER")
	}
	sets, err := training.PublicSets(*dir)
	if err != nil {
		return err
	}
	r, err := training.LoadRecipe(*recipe)
	if err != nil {
		return err
	}
	e, err := encoder.Load(*enc)
	if err != nil {
		return err
	}
	if err := f.initORT(ctx, std.err); err != nil {
		return err
	}
	p := newProgress(std.err)
	defer p.end()
	var results []training.PublicResult
	for _, s := range sets {
		res, err := training.RunPublic(ctx, e, s, r, p.report)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		results = append(results, res)
	}
	p.end()
	w := tabwriter.NewWriter(std.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SET\tTRAIN\tTEST\tACCURACY\t95 % INTERVAL\tOOS\tAUROC")
	for _, r := range results {
		auroc := ""
		if r.OOS > 0 {
			auroc = fmt.Sprintf("%.3f", r.AUROC)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%.1f %%\t%.1f–%.1f %%\t%d\t%s\n", r.Set, r.Train, r.Test, 100*r.Accuracy, 100*r.Low, 100*r.High, r.OOS, auroc)
	}
	if err := w.Flush(); err != nil || *out == "" {
		return err
	}
	data, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(*out, append(data, '\n'), 0o644)
}
