package retrain

import (
	"fmt"
	"os"
	"strings"

	"yingda/nlu"
)

// Answer tells how the service pack answers an intent.
type Answer struct {
	Intent string `json:"intent"`
	How    string `json:"how"` // "task", "knowledge", "script", or empty: with the words for answers without words of their own
}

// Files below the run's folder that a manager edits and moves into the service pack, for new intents that have no answer yet.
const (
	DraftKnowledge = "drafts/knowledge" // a folder: <intent>.zh.md, <intent>.en.md
	DraftNames     = "drafts/names.yaml"
)

// answers lists the new intents that have no answer yet and writes drafts for them. People edit those: they are no part of what the run keeps.
func (r *Run) answers(sum *Merge) (open []NewIntent, err error) {
	open = []NewIntent{}
	if r.o.Answers == nil || len(sum.New) == 0 {
		return open, nil
	}
	var names []string
	for _, n := range sum.New {
		names = append(names, n.Name)
	}
	how, err := r.o.Answers(names)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, a := range how {
		known[a.Intent] = a.How != ""
	}
	for _, n := range sum.New {
		if !known[n.Name] {
			open = append(open, n)
		}
	}
	for name, text := range drafts(open) {
		if _, err := os.Stat(r.f.path(name)); err == nil {
			continue // somebody may be at work on it
		}
		if err := r.f.write(name, []byte(text)); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// drafts are entries of knowledge without an answer, with the wordings that customers used, and the names that scripts call the intents by. The answer
// says that it is a draft: the robot must not promise anything that nobody has written.
func drafts(open []NewIntent) map[string]string {
	files := map[string]string{}
	if len(open) == 0 {
		return files
	}
	names := "# How the new intents are called in texts ({topic|name}): move these lines into scripts/names.yaml.\nversion: 1\nnames:\n"
	for _, n := range open {
		zh, en := n.Definition["zh"], n.Definition["en"]
		names += fmt.Sprintf("  %s: {zh: %q, en: %q}\n", n.Name, orName(zh, n.Name), orName(en, n.Name))
		for _, lang := range []string{"zh", "en"} {
			files[fmt.Sprintf("%s/%s.%s.md", DraftKnowledge, n.Name, lang)] = draftEntry(&n, lang)
		}
	}
	files[DraftNames] = names
	return files
}

func orName(definition, name string) string {
	if definition == "" {
		return name
	}
	return definition
}

// draftEntry is an entry of knowledge in one language.
func draftEntry(n *NewIntent, lang string) string {
	var b strings.Builder
	title := orName(n.Definition[lang], n.Name)
	fmt.Fprintf(&b, "lang: %s\n\n# %s\n\n## %s {#%s.%s}\n", lang, title, title, n.Name, lang)
	for _, text := range n.Examples {
		if string(nlu.Detect(text)) == lang {
			fmt.Fprintf(&b, "- %s\n", text)
		}
	}
	answer := "（草稿：请写上给客户的答复，写好后移到服务包的 knowledge 文件夹。）"
	if lang == "en" {
		answer = "(Draft: write the answer for customers, then move this file into the knowledge folder of the service pack.)"
	}
	fmt.Fprintf(&b, "intents: %s\n\n%s\n", n.Name, answer)
	return b.String()
}

// OpenName is the file that lists the new intents that have no answer yet.
const OpenName = "unanswered.json"
