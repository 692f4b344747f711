package server

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"yingda/models"
)

// bundlesAnswer is the JSON of /v1/bundles.
type bundlesAnswer struct {
	Roles    map[models.Role]models.BundleID `json:"roles"`
	Bundles  []bundleInfo                    `json:"bundles"`
	Problems []bundleProblem                 `json:"problems"`
}

// bundleInfo describes a bundle; one that is not loaded has an id only.
type bundleInfo struct {
	ID        models.BundleID   `json:"id"`
	Loaded    bool              `json:"loaded"`
	Roles     []models.Role     `json:"roles,omitempty"`
	Name      string            `json:"name,omitempty"`
	Version   string            `json:"version,omitempty"`
	Created   string            `json:"created,omitempty"`
	Parent    models.BundleID   `json:"parent,omitempty"`
	Languages []string          `json:"languages,omitempty"`
	MaxTokens int               `json:"max_tokens,omitempty"`
	Encoder   string            `json:"encoder,omitempty"`
	Intents   []string          `json:"intents,omitempty"`
	Emotions  []string          `json:"emotions,omitempty"`
	Entities  []string          `json:"entities,omitempty"` // types of the model's own; recognisers find others
	Metrics   map[string]any    `json:"metrics,omitempty"`
	Licences  map[string]string `json:"licences,omitempty"`
	Requests  int64             `json:"requests_under_way"`
}

type bundleProblem struct {
	Role    models.Role `json:"role"`
	Problem string      `json:"problem"`
}

func (s *Server) getBundles(c *gin.Context) error {
	answer := bundlesAnswer{Roles: map[models.Role]models.BundleID{}, Bundles: []bundleInfo{}, Problems: []bundleProblem{}}
	at := map[models.BundleID]int{}
	for _, l := range s.o.Bundles.Loaded() {
		if l.Problem != "" {
			answer.Problems = append(answer.Problems, bundleProblem{l.Role, l.Problem})
		}
		if l.Manifest == nil {
			continue
		}
		answer.Roles[l.Role] = l.Manifest.ID
		i, ok := at[l.Manifest.ID]
		if !ok {
			i = len(answer.Bundles)
			at[l.Manifest.ID] = i
			answer.Bundles = append(answer.Bundles, describe(l.Manifest))
		}
		answer.Bundles[i].Roles = append(answer.Bundles[i].Roles, l.Role)
		answer.Bundles[i].Requests += l.Requests
	}
	if s.o.ListBundles != nil {
		ids, err := s.o.ListBundles()
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, ok := at[id]; !ok {
				answer.Bundles = append(answer.Bundles, bundleInfo{ID: id})
			}
		}
	}
	writeJSON(c, 200, "application/json", answer)
	return nil
}

func describe(m *models.Manifest) bundleInfo {
	return bundleInfo{
		ID: m.ID, Loaded: true, Name: m.Name, Version: m.Version, Created: m.Created, Parent: m.Parent, Languages: m.Languages,
		MaxTokens: m.Model.MaxTokens, Encoder: m.Model.Encoder, Metrics: m.Metrics, Licences: m.Licences,
		Intents: intentLabels(m), Emotions: headLabels(m, models.HeadEmotion), Entities: entityTypes(m),
	}
}

func headLabels(m *models.Manifest, head string) []string {
	if i := m.HeadIndex(head); i >= 0 {
		return m.Heads[i].Labels
	}
	return nil
}

// intentLabels leaves out the label that stands for "none of these".
func intentLabels(m *models.Manifest) []string {
	labels := slices.Clone(headLabels(m, models.HeadIntents))
	return slices.DeleteFunc(labels, func(l string) bool { return m.Intents != nil && l == m.Intents.Reject })
}

// entityTypes turns BIO tags into types.
func entityTypes(m *models.Manifest) []string {
	var types []string
	for _, tag := range headLabels(m, models.HeadEntities) {
		if _, t, ok := strings.Cut(tag, "-"); ok && !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types
}

// loadedNames lists what a caller may ask for by bundle.
func (s *Server) loadedNames() string {
	var names []string
	for _, l := range s.o.Bundles.Loaded() {
		if l.Manifest != nil {
			names = append(names, string(l.Role), string(l.Manifest.ID))
		}
	}
	if len(names) == 0 {
		return "none yet"
	}
	return strings.Join(names, ", ")
}
