// Package deps holds the import rules of the module as a test. To change a rule is to change the design; never relax one to fix a build.
package deps_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "yingda"

// layers is the order of the house: a package imports only from the same folder or from folders to the left of its own.
// A folder that is not listed may not exist.
var layers = map[string][]string{
	"models":       {},
	"nlu":          {"models"},
	"dialogue":     {"nlu", "models"},
	"analytics":    {"dialogue", "nlu", "models"},
	"training":     {"nlu", "models"},
	"server":       {"dialogue", "nlu", "models"},
	"bench":        {"training", "server", "dialogue", "nlu", "models"},
	"cmd/yingda":   {"bench", "training", "server", "analytics", "dialogue", "nlu", "models"},
	"internal":     {"training", "server", "analytics", "dialogue", "nlu", "models"},
	"notebooks":    {},
	"docs":         {},
	"models/hub":   {"models"}, // finer rules for packages that wrap a technology
	"models/ort":   {"models"},
	"models/batch": {"models"},
}

// users says who alone may import a package, by prefix of the importing package. Tests count too unless "tests" is among them.
var users = map[string][]string{
	"yingda/models/ort":                     {"yingda/models/ort", "yingda/cmd/yingda", "yingda/training", "yingda/internal/testenv", "yingda/bench"},
	"yingda/models/hub":                     {"yingda/models/hub", "yingda/cmd/yingda", "yingda/training", "yingda/bench"},
	"yingda/models/default":                 {"yingda/models/default", "yingda/cmd/yingda", "yingda/internal/testenv", "yingda/bench"},
	"yingda/server":                         {"yingda/server", "yingda/cmd/yingda", "yingda/bench"},
	"yingda/internal/testenv":               {"yingda/internal/testenv", "tests"},
	"github.com/yalue/onnxruntime_go":       {"yingda/models/ort"},
	"github.com/knights-analytics":          {"yingda/models/hub", "yingda/cmd/yingda/bench", "yingda/bench"},
	"github.com/gomlx":                      {"yingda/models/hub"},
	"github.com/gin-gonic/gin":              {"yingda/server"},
	"github.com/prometheus/client_golang":   {"yingda/server"},
	"gonum.org/v1/gonum":                    {"yingda/training", "yingda/analytics", "tests"},
	"google.golang.org/protobuf":            {"yingda/models/onnx", "yingda/analytics/flight"},
	"google.golang.org/grpc":                {"yingda/analytics/flight"},
	"github.com/nats-io":                    {"yingda/dialogue/eventlog", "yingda/cmd/yingda"},
	"github.com/duckdb":                     {"yingda/analytics/warehouse", "tests"},
	"github.com/marcboeker/go-duckdb":       {}, // superseded by github.com/duckdb/duckdb-go
	"github.com/apache/arrow/go":            {}, // superseded by github.com/apache/arrow-go
	"github.com/apache/arrow-go":            {"yingda/analytics"},
	"github.com/coder/websocket":            {"yingda/server", "tests"},
	"github.com/chromedp":                   {"tests"},
	"github.com/growthbook":                 {"tests"}, // for its test vectors
	"github.com/jackc/pgx":                  {"yingda/cmd/yingda", "yingda/dialogue/profile"},
	"github.com/go-sql-driver/mysql":        {"yingda/cmd/yingda", "yingda/dialogue/profile"},
	"modernc.org/sqlite":                    {"yingda/cmd/yingda", "yingda/dialogue/profile", "tests"},
	"flag":                                  {"yingda/cmd/yingda", "tests"},
	"github.com/stretchr/testify":           {},
	"github.com/daulet/tokenizers":          {},
	"github.com/knights-analytics/ortgenai": {},
	"log":                                   {},
	"math/rand":                             {}, // math/rand/v2, with a seed
	"io/ioutil":                             {},
}

// absent are words that no folder is named by: they say nothing about what is inside.
var absent = []string{"util", "utils", "common", "pkg", "core", "helpers", "misc", "base", "lib"}

// file is a Go file of the module.
type file struct {
	path    string // slash-separated, from the module's root
	pkg     string // import path of its folder
	test    bool
	imports []string
}

func TestLayers(t *testing.T) {
	for _, f := range mustFiles(t) {
		own := layerOf(f.pkg)
		allowed, known := layers[own]
		if !known {
			t.Errorf("%s: folder %q is not in the table of layers", f.path, own)
			continue
		}
		if f.test {
			continue // tests may build on what is above them; users still applies
		}
		for _, imp := range f.imports {
			to := layerOf(imp)
			if to == "" || to == own || strings.HasPrefix(own, to+"/") || strings.HasPrefix(to, own+"/") && own != "models" {
				continue
			}
			if !slices.ContainsFunc(allowed, func(a string) bool { return to == a || strings.HasPrefix(to, a+"/") }) {
				t.Errorf("%s imports %s: %s may build on %v only", f.path, imp, own, allowed)
			}
		}
	}
}

func TestUsers(t *testing.T) {
	for _, f := range mustFiles(t) {
		for _, imp := range f.imports {
			rule, ok := ruleOf(imp)
			if !ok || f.test && slices.Contains(users[rule], "tests") {
				continue
			}
			if !slices.ContainsFunc(users[rule], func(u string) bool {
				return within(f.pkg, u) || within(strings.TrimSuffix(module+"/"+f.path, ".go"), u)
			}) {
				t.Errorf("%s imports %s: only %v may", f.path, imp, users[rule])
			}
		}
	}
}

func TestServerRunsNoModel(t *testing.T) {
	reach := mustReach(t, module+"/server")
	for _, never := range []string{"yingda/training", "yingda/models/ort", "yingda/models/hub", "yingda/models/default", "yingda/analytics", "github.com/yalue", "github.com/duckdb", "github.com/nats-io"} {
		for _, pkg := range reach {
			if within(pkg, never) {
				t.Errorf("server reaches %s", pkg)
			}
		}
	}
	for _, pkg := range mustReach(t, module+"/nlu/standard") {
		if within(pkg, module+"/server") || within(pkg, module+"/training") || within(pkg, module+"/models/ort") {
			t.Errorf("nlu reaches %s", pkg)
		}
	}
}

func TestFolderNames(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range mustFiles(t) {
		for part := range strings.SplitSeq(path.Dir(f.path), "/") {
			if slices.Contains(absent, part) && !seen[f.pkg] {
				seen[f.pkg] = true
				t.Errorf("%s: a folder is named %q, which says nothing about what is in it", f.pkg, part)
			}
		}
	}
}

// layerOf returns the longest entry of layers that holds the package, "" for packages of others.
func layerOf(pkg string) string {
	rel, ours := strings.CutPrefix(pkg, module+"/")
	if !ours {
		return ""
	}
	best := ""
	for l := range layers {
		if within(rel, l) && len(l) > len(best) {
			best = l
		}
	}
	if best == "" {
		best, _, _ = strings.Cut(rel, "/")
	}
	return best
}

func ruleOf(imp string) (string, bool) {
	best := ""
	for r := range users {
		// Packages of the standard library are matched whole: log/slog is not log.
		if imp == r || strings.Contains(r, ".") && within(imp, r) || strings.HasPrefix(r, module+"/") && within(imp, r) {
			if len(r) > len(best) {
				best = r
			}
		}
	}
	return best, best != ""
}

func within(pkg, prefix string) bool { return pkg == prefix || strings.HasPrefix(pkg, prefix+"/") }

// mustReach lists what a package of the module imports, directly or through other packages of the module, without tests.
func mustReach(tb testing.TB, from string) []string {
	tb.Helper()
	imports := map[string][]string{}
	for _, f := range mustFiles(tb) {
		if !f.test {
			imports[f.pkg] = append(imports[f.pkg], f.imports...)
		}
	}
	if imports[from] == nil {
		tb.Fatalf("there is no package %s", from)
	}
	seen := map[string]bool{}
	var reach []string
	for todo := []string{from}; len(todo) > 0; {
		pkg := todo[0]
		todo = todo[1:]
		for _, imp := range imports[pkg] {
			if !seen[imp] {
				seen[imp] = true
				reach = append(reach, imp)
				todo = append(todo, imp)
			}
		}
	}
	return reach
}

// mustFiles reads the imports of all Go files, whatever system or tag they are for.
func mustFiles(tb testing.TB) []file {
	tb.Helper()
	root := filepath.Join("..", "..")
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" || name == "build" || name == "shared") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := file{path: rel, pkg: path.Join(module, path.Dir(rel)), test: strings.HasSuffix(name, "_test.go")}
		for _, imp := range parsed.Imports {
			s, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, s)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	if len(files) < 50 {
		tb.Fatalf("only %d files found: is the root right?", len(files))
	}
	return files
}
