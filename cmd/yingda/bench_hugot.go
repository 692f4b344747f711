package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"yingda/bench"
	"yingda/models"
	"yingda/models/hub"
)

// hugotCommand is the word after "yingda bench" that makes the process a server around hugot. hugot runs apart because it may take
// its process with it: its Go backend panics on goroutines of its own.
const hugotCommand = "hugot-server"

// hugotTexts is how many texts hugot gets in a round: it takes a second for what others do in a few milliseconds.
const hugotTexts = 40

// hugotConfig is the config.json that hugot wants.
const hugotConfig = `{"model_type": "bert", "max_position_embeddings": %d}`

// startHugot writes the model in a form that hugot's Go backend can run and starts a server around it.
func (b *benchmark) startHugot(ctx context.Context) (*bench.Process, error) {
	m := b.bundle.Manifest
	h := m.HeadIndex(models.HeadIntents)
	if h < 0 {
		return nil, fmt.Errorf("not run: the bundle has no head %q", models.HeadIntents)
	}
	model, err := bench.Expand(b.bundle.Model)
	if err == nil {
		model, err = bench.Keep(model, m.Heads[h].Output)
	}
	if err != nil {
		return nil, err
	}
	dir, err := b.writeFolder("hugot", map[string][]byte{"model.onnx": model, "tokenizer.json": b.bundle.Tokenizer,
		"config.json": fmt.Appendf(nil, hugotConfig, m.Model.MaxTokens)})
	if err != nil {
		return nil, err
	}
	addr, err := bench.FreeAddr()
	if err != nil {
		return nil, err
	}
	b.report.Notes = append(b.report.Notes,
		"hugot, pure Go: its Go backend, one text a run, in a process of its own over HTTP. It gets the float32 form with the intents head alone: it has no "+
			"GatherBlockQuantized and no LpNormalization, and its Pad crashes on the entities head. It computes on all cores, and is measured on the first "+
			fmt.Sprint(hugotTexts)+" texts of the shuffled list.")
	return bench.Start(ctx, addr, "/ready", b.self("bench", hugotCommand, addr, dir))
}

// serveHugot answers POST /parse with the logits of the intents head until it is killed.
func serveHugot(ctx context.Context, addr, dir string) error {
	e, err := hub.OpenEmbedder(hub.Model{Dir: dir, Batch: 1}, "", false)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /parse", func(w http.ResponseWriter, r *http.Request) {
		var message struct{ Text string }
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		logits, err := e.Embed(r.Context(), []string{message.Text})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(logits[0])
	})
	srv := http.Server{Addr: addr, Handler: mux}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	return srv.ListenAndServe()
}
