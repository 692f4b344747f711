package hub_test

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yingda/models"
	"yingda/models/hub"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// fakeHub serves one model the way the Hugging Face hub does.
type fakeHub struct {
	repo  string
	files map[string][]byte

	mu     sync.Mutex
	got    map[string]int // downloads of each file
	cut    map[string]int // break the connection half-way on so many downloads of a file
	wrong  map[string]bool
	hang   string        // this file's content never comes
	hung   chan struct{} // closed when it is asked for
	silent bool          // hashes are not told
}

// mustHub serves testdata/classifier, with two models, a README and a second config.json that is not the right one.
func mustHub(t *testing.T) (*fakeHub, string) {
	t.Helper()
	h := &fakeHub{repo: "acme/classifier", files: map[string][]byte{}, got: map[string]int{}, cut: map[string]int{}, wrong: map[string]bool{}, hung: make(chan struct{})}
	err := fs.WalkDir(os.DirFS("testdata/classifier"), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		h.files[p], err = os.ReadFile(filepath.Join("testdata/classifier", p))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(h.files, "golden.json")
	h.files["onnx/model.onnx"] = h.files["model.onnx"]
	h.files["onnx/model_int8.onnx"] = []byte("not this one")
	h.files["onnx/config.json"] = []byte("not this one")
	h.files["onnx/tokenizer.json"] = []byte("not this one")
	h.files["README.md"] = []byte("# not needed")
	delete(h.files, "model.onnx")
	server := httptest.NewServer(h)
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	return h, server.URL
}

func (h *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutPrefix(r.URL.Path, "/"+h.repo+"/resolve/"+commit+"/"); ok {
		h.serveFile(w, r, name)
		return
	}
	if r.URL.Path != "/api/models/"+h.repo+"/revision/main" && r.URL.Path != "/api/models/"+h.repo+"/revision/"+commit {
		w.Header().Set("X-Error-Message", "Repository not found")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	var siblings []map[string]any
	for name, data := range h.files {
		s := map[string]any{"rfilename": name}
		if r.URL.Query().Get("blobs") == "true" && !h.silent {
			s["size"], s["blobId"] = len(data), fmt.Sprintf("%x", sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...)))
			if strings.HasSuffix(name, ".onnx") {
				s["lfs"], s["blobId"] = map[string]any{"sha256": fmt.Sprintf("%x", sha256.Sum256(data)), "size": len(data)}, "of the pointer"
			}
		}
		siblings = append(siblings, s)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"id": h.repo, "sha": commit, "siblings": siblings})
}

func (h *fakeHub) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	data, ok := h.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(data)))
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	if r.Method == http.MethodHead {
		return
	}
	h.mu.Lock()
	h.got[name]++
	cut := h.got[name] <= h.cut[name]
	h.mu.Unlock()
	switch {
	case name == h.hang:
		_ = http.NewResponseController(w).Flush()
		close(h.hung)
		<-r.Context().Done()
	case cut:
		_, _ = w.Write(data[:len(data)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case h.wrong[name]:
		_, _ = w.Write(append([]byte{^data[0]}, data[1:]...))
	default:
		_, _ = w.Write(data)
	}
}

func options(t *testing.T, h *fakeHub, endpoint string) hub.Options {
	dir := t.TempDir()
	return hub.Options{Repo: h.repo, OnnxFile: "onnx/model.onnx", Endpoint: endpoint, Dest: filepath.Join(dir, "dest"), Cache: filepath.Join(dir, "cache")}
}

func TestPull(t *testing.T) {
	h, endpoint := mustHub(t)
	o := options(t, h, endpoint)
	last := map[string]int64{}
	o.Progress = func(file string, done, total int64) {
		if done < last[file] || done > total {
			t.Errorf("%s: %d of %d after %d", file, done, total, last[file])
		}
		last[file] = done
	}
	got, err := hub.Pull(t.Context(), o)
	if err != nil || got != commit {
		t.Fatalf("got %q, %v", got, err)
	}
	if last["onnx/model.onnx"] != int64(len(h.files["onnx/model.onnx"])) || len(last) != 3 {
		t.Errorf("progress %v", last)
	}
	b, err := models.OpenPath(o.Dest)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"order", "refund", "other"}; fmt.Sprint(b.Manifest.Heads[0].Labels) != fmt.Sprint(want) {
		t.Errorf("labels %v, want %v", b.Manifest.Heads[0].Labels, want)
	}
	c, err := hub.OpenClassifier(hub.Model{Dir: o.Dest})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Classify(t.Context(), []string{"my order"}); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(o.Dest)); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

func TestPull_UsesWhatIsThere(t *testing.T) {
	h, endpoint := mustHub(t)
	o := options(t, h, endpoint)
	for _, dest := range []string{"one", "two"} {
		o.Dest = filepath.Join(filepath.Dir(o.Dest), dest)
		if _, err := hub.Pull(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if h.got["onnx/model.onnx"] != 1 {
		t.Errorf("downloads: %v", h.got)
	}
}

func TestPull_BrokenConnection(t *testing.T) {
	h, endpoint := mustHub(t)
	h.cut["onnx/model.onnx"] = 2
	o := options(t, h, endpoint)
	if _, err := hub.Pull(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := models.OpenPath(o.Dest); err != nil || h.got["onnx/model.onnx"] != 3 {
		t.Errorf("%v after %v", err, h.got)
	}
}

// TestPull_Interrupted cancels in the middle of the model, and pulls again: what was complete is not downloaded twice.
func TestPull_Interrupted(t *testing.T) {
	h, endpoint := mustHub(t)
	h.hang = "onnx/model.onnx"
	o := options(t, h, endpoint)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-h.hung; cancel() }()
	start := time.Now()
	_, err := hub.Pull(ctx, o)
	if !errors.Is(err, context.Canceled) || time.Since(start) > 5*time.Second {
		t.Fatalf("got %v after %v", err, time.Since(start))
	}
	h.mu.Lock()
	h.hang = ""
	h.mu.Unlock()
	if _, err := hub.Pull(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if h.got["config.json"] != 1 || h.got["tokenizer.json"] != 1 {
		t.Errorf("downloads: %v", h.got)
	}
}

func TestPull_Errors(t *testing.T) {
	tests := []struct {
		name   string
		change func(*fakeHub, *hub.Options)
		want   []string // parts of the error
	}{
		{"ErrNoNetwork", func(_ *fakeHub, o *hub.Options) { o.Endpoint = "http://127.0.0.1:1" }, []string{"pull acme/classifier@main", "refused"}},
		{"ErrUnknownModel", func(_ *fakeHub, o *hub.Options) { o.Repo = "acme/absent" }, []string{"acme/absent", "404", "Repository not found"}},
		{"ErrUnknownRevision", func(_ *fakeHub, o *hub.Options) { o.Revision = "v9" }, []string{"@v9", "404"}},
		{"ErrName", func(_ *fakeHub, o *hub.Options) { o.Repo = "../../etc" }, []string{"is not the name of a model"}},
		{"ErrNoDest", func(_ *fakeHub, o *hub.Options) { o.Dest = "" }, []string{"no folder given"}},
		{"ErrWhichModel", func(_ *fakeHub, o *hub.Options) { o.OnnxFile = "" }, []string{"multiple .onnx files", "onnx/model_int8.onnx"}},
		{"ErrNoSuchModel", func(_ *fakeHub, o *hub.Options) { o.OnnxFile = "onnx/other.onnx" }, []string{"onnx/other.onnx"}},
		{"ErrNoTokenizer", func(h *fakeHub, _ *hub.Options) {
			delete(h.files, "tokenizer.json")
			delete(h.files, "onnx/tokenizer.json")
		}, []string{"no tokenizer.json"}},
		{"ErrHostileName", func(h *fakeHub, _ *hub.Options) { h.files["../../evil/config.json"] = []byte("{}") }, []string{"illegal file name"}},
		{"ErrDamaged", func(h *fakeHub, _ *hub.Options) { h.wrong["onnx/model.onnx"] = true }, []string{"onnx/model.onnx", "its hash is"}},
		{"ErrAlwaysCut", func(h *fakeHub, _ *hub.Options) { h.cut["config.json"] = 99 }, []string{"config.json", "the hub says"}},
		{"ErrNoHashes", func(h *fakeHub, _ *hub.Options) { h.silent = true }, []string{"cannot be checked"}},
		{"ErrDestTaken", func(_ *fakeHub, o *hub.Options) {
			_ = os.MkdirAll(filepath.Join(o.Dest, "mine"), 0o755)
		}, []string{"must not exist or be empty"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, endpoint := mustHub(t)
			o := options(t, h, endpoint)
			tt.change(h, &o)
			_, err := hub.Pull(t.Context(), o)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error lacks %q: %v", part, err)
				}
			}
			if strings.Contains(tt.name, "Damaged") != errors.Is(err, hub.ErrDamaged) && tt.name != "ErrAlwaysCut" {
				t.Errorf("ErrDamaged: %v", err)
			}
			if _, err := os.Stat(filepath.Join(o.Dest, "config.json")); err == nil {
				t.Error("a folder was made")
			}
		})
	}
}
