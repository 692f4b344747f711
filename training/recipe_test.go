package training_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"yingda/training"
)

func MustRecipe(tb testing.TB, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "recipe.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func TestLoadRecipe(t *testing.T) {
	good := []struct {
		name, text string
		change     func(r *training.Recipe) // against the defaults
	}{
		{"Empty", "", func(*training.Recipe) {}},
		{"Comment", "# nothing\n", func(*training.Recipe) {}},
		{"Name", "name: mine\nversion: 2026.1", func(r *training.Recipe) { r.Name, r.Version = "mine", "2026.1" }},
		{"PartOfAHead", "intents: {l2: 0.5}", func(r *training.Recipe) { r.Intents.L2 = 0.5 }},
		{"Layers", "layers: [2, 4, 9]", func(r *training.Recipe) { r.Layers = []int{2, 4, 9} }},
		{"NoFold", "fold: []", func(r *training.Recipe) { r.Fold = []string{} }},
		{"Skip", "emotion: {skip: true}\nentities: {skip: true, types: [city]}", func(r *training.Recipe) {
			r.Emotion.Skip, r.Entities.Skip, r.Entities.Types = true, true, []string{"city"}
		}},
	}
	for _, tt := range good {
		t.Run("OK"+tt.name, func(t *testing.T) {
			want := training.DefaultRecipe()
			tt.change(&want)
			if got, err := training.LoadRecipe(MustRecipe(t, tt.text)); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, want)
			}
		})
	}
	bad := []struct {
		name, text string
		want       []string
	}{
		{"Unknown", "epochs: 3", []string{"field epochs not found"}},
		{"UnknownInside", "intents: {rate: 1}", []string{"field rate not found"}},
		{"Type", "folds: many", []string{"cannot unmarshal"}},
		{"NotYAML", "a: [", []string{"yaml"}},
		{"NoName", `name: ""`, []string{"name"}},
		{"BadName", "name: My bundle", []string{"name"}},
		{"Fold", "fold: [lower, upper]", []string{`"upper"`}},
		{"NaN", "intents: {l2: .nan}", []string{"l2"}},
		{"Many", "max_tokens: 4\nfolds: 1\nintents: {l2: 0}\nemotion: {max_iter: -1}\nentities: {epochs: 0}\nlayers: [3, 3]",
			[]string{"max_tokens 4", "folds 1", "l2", "max_iter", "entities", "layers [3 3]"}},
		{"LayerZero", "layers: [0, 1]", []string{"layers [0 1]"}},
		{"Pairs", "pairs: -1", []string{"pairs"}},
	}
	for _, tt := range bad {
		t.Run("Err"+tt.name, func(t *testing.T) {
			path := MustRecipe(t, tt.text)
			_, err := training.LoadRecipe(path)
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v does not say %q", err, w)
				}
			}
		})
	}
	if _, err := training.LoadRecipe(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a missing recipe was loaded")
	}
}

// TestShippedRecipes are good.
func TestShippedRecipes(t *testing.T) {
	paths, err := filepath.Glob("recipes/*.yaml")
	if err != nil || len(paths) < 2 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		if _, err := training.LoadRecipe(path); err != nil {
			t.Error(err)
		}
	}
}
