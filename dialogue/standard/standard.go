// Package standard holds the default service pack and loads any pack: a folder of files that say what the robot can do, how it decides,
// what it says, what it knows, who takes over and when it comes back to a customer by itself.
//
//	tasks/*.yaml        what customers can have done, and what must be known for it   (package task)
//	policy.yaml         thresholds, roles of intents, tiers, queues                   (package policy)
//	scripts/*.yaml      what is said                                                  (package script)
//	knowledge/*         questions and answers: Markdown, CSV or JSONL                 (package knowledge)
//	routing.yaml        queues, skills, hours, priority                               (package routing)
//	followups.yaml      what the robot says by itself, and how often it may           (package proactive)
//	profile.yaml        which preferences are learnt from messages                    (package profile)
//	emoji.yaml          what emoji say about a customer's mood                        (package media)
//	redact.yaml         which entities reports may show                               (package redact)
//	dialogs/*.dialog    conversations that must go well, as tests                     (package dialog)
//
// An operator copies the folder ('yingda service export DIR') and edits it; the names of intents and entities are those of the bundle.
package standard

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"gopkg.in/yaml.v3"

	"yingda/dialogue"
	"yingda/dialogue/knowledge"
	"yingda/dialogue/media"
	"yingda/dialogue/policy"
	"yingda/dialogue/proactive"
	"yingda/dialogue/profile"
	"yingda/dialogue/profile/recommend"
	"yingda/dialogue/redact"
	"yingda/dialogue/routing"
	"yingda/dialogue/script"
	"yingda/dialogue/task"
)

//go:embed *.yaml tasks scripts knowledge dialogs
var files embed.FS

// Files returns the default pack.
func Files() fs.FS { return files }

// Pack is a service pack that has been read and checked.
type Pack struct {
	Tasks     *task.Set
	Settings  *policy.Settings
	Scripts   *script.Book
	Knowledge []dialogue.Entry
	Routing   *routing.Config
	FollowUps *proactive.Kinds
	Learning  *profile.Rules
	Products  *recommend.Catalogue
	Proposing *recommend.Rules
	Emoji     *media.Emoji
	Redact    redact.Rules
}

// Load reads a pack and reports all that is wrong with it at once: file by file, then what does not fit together.
func Load(fsys fs.FS) (*Pack, error) {
	var p Pack
	var faults []error
	note := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	var err error
	p.Tasks, err = task.Load(fsys, "tasks")
	note(err)
	p.Settings, err = parse(fsys, "policy.yaml", policy.ParseSettings)
	note(err)
	p.Scripts, err = sub(fsys, "scripts", script.Load)
	note(err)
	p.Knowledge, err = sub(fsys, "knowledge", knowledge.Load)
	note(err)
	p.Routing, err = routing.Load(fsys)
	note(err)
	p.FollowUps, err = proactive.LoadKinds(fsys, "followups.yaml")
	note(err)
	p.Learning, err = profile.LoadRules(fsys, "profile.yaml")
	note(err)
	p.Products, err = recommend.LoadCatalogue(fsys, "products.yaml")
	note(err)
	p.Proposing, err = recommend.LoadRules(fsys, "recommend.yaml")
	note(err)
	p.Emoji, err = media.LoadEmoji(fsys, "emoji.yaml")
	note(err)
	p.Redact, err = parse(fsys, "redact.yaml", parseRedact)
	note(err)
	if len(faults) == 0 {
		note(p.check())
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("service pack: %w", errors.Join(faults...))
	}
	return &p, nil
}

// parse reads one file with a parser that wants its name for messages.
func parse[T any](fsys fs.FS, name string, read func(name string, data []byte) (T, error)) (T, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		var none T
		return none, err
	}
	return read(name, data)
}

// sub reads one folder.
func sub[T any](fsys fs.FS, dir string, read func(fs.FS) (T, error)) (T, error) {
	below, err := fs.Sub(fsys, dir)
	if err != nil {
		var none T
		return none, err
	}
	v, err := read(below)
	if err != nil {
		return v, fmt.Errorf("%s: %w", dir, err)
	}
	return v, nil
}

func parseRedact(name string, data []byte) (redact.Rules, error) {
	var r redact.Rules
	if err := yaml.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
