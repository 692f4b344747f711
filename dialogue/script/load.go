package script

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"yingda/nlu"
)

// SettingsFile is the name of the file with a book's [Settings].
const SettingsFile = "settings.yaml"

// maxFile bounds a file of scripts, in bytes.
const maxFile = 4 << 20

// Load reads all *.yaml files under the root of fsys as one book. The error joins a *[Fault] for everything that is wrong, over all files.
func Load(fsys fs.FS) (*Book, error) {
	b := &Book{settings: DefaultSettings(), scripts: map[string]*Script{}}
	files, err := yamlFiles(fsys)
	if err != nil {
		return nil, fmt.Errorf("load scripts: %w", err)
	}
	if len(files) == 0 {
		return nil, errors.New("load scripts: there is no .yaml file")
	}
	all := &faults{}
	read := func(name string, parse func(f *faults, n *yaml.Node)) {
		f := &faults{file: name}
		if n := f.readFile(fsys, name); n != nil {
			parse(f, n)
		}
		all.all = append(all.all, f.all...)
	}
	if i := slices.Index(files, SettingsFile); i >= 0 {
		read(SettingsFile, func(f *faults, n *yaml.Node) { b.settings = f.settings(n) })
		files = slices.Delete(files, i, i+1)
	}
	for _, name := range files {
		read(name, func(f *faults, n *yaml.Node) {
			for _, s := range f.scriptFile(n) {
				b.add(f, s)
			}
		})
	}
	b.check(all)
	if err := all.err(); err != nil {
		return nil, err
	}
	b.alone = &view{book: b}
	return b, nil
}

func yamlFiles(fsys fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Ext(p) == ".yaml" {
			files = append(files, p)
		}
		return err
	})
	return files, err
}

// readFile returns the root of a file, nil after a fault.
func (f *faults) readFile(fsys fs.FS, name string) *yaml.Node {
	file, err := fsys.Open(name)
	if err != nil {
		f.addf(0, "", "%v", err)
		return nil
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		f.addf(0, "", "%v", err)
		return nil
	}
	if len(data) > maxFile {
		f.addf(0, "", "has more than %d MiB; split it", maxFile>>20)
		return nil
	}
	return f.root(data)
}

// root parses YAML, nil after a fault.
func (f *faults) root(data []byte) *yaml.Node {
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			f.addf(0, "", "is empty")
		} else {
			line, text := yamlError(err)
			f.addf(line, "", "%s", text)
		}
		return nil
	}
	if err := dec.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		f.addf(0, "", "has a second document after ---; one is wanted")
		return nil
	}
	return doc.Content[0]
}

// yamlError takes the line out of an error of the YAML reader.
func yamlError(err error) (line int, text string) {
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	return line, "is not YAML: " + text
}

// scriptFile reads a file of scripts: version, tone, scripts, names.
func (f *faults) scriptFile(n *yaml.Node) []*Script {
	var scripts, names *yaml.Node
	tone, version := false, 0
	for name, v := range f.fields(n, "") {
		switch name {
		case "version":
			f.decode(v, name, &version)
		case "tone":
			f.decode(v, name, &tone)
		case "scripts":
			scripts = v
		case "names":
			names = v
		default:
			f.addf(v.Line, name, "unknown field; a file of scripts has version, tone, scripts, names")
		}
	}
	if version != 1 {
		f.addf(n.Line, "version", "is %d, this program reads 1", version)
	}
	var all []*Script
	if scripts != nil {
		for key, v := range f.fields(scripts, "scripts") {
			all = append(all, f.script(key, v, tone))
		}
	}
	if names != nil {
		for key, v := range f.fields(names, "names") {
			all = append(all, f.script(namePrefix+key, v, false))
		}
	}
	return all
}

// settings reads settings.yaml over the defaults.
func (f *faults) settings(n *yaml.Node) Settings {
	s := DefaultSettings()
	version := 0
	for name, v := range f.fields(n, "") {
		switch name {
		case "version":
			f.decode(v, name, &version)
		case "languages":
			f.decode(v, name, &s.Languages)
		case "voice":
			f.decode(v, name, &s.Voice)
		case "currency":
			f.decode(v, name, &s.Currency)
		case "private":
			f.decode(v, name, &s.Private)
		case "hosts":
			f.decode(v, name, &s.Hosts)
		case "fields":
			f.decode(v, name, &s.Fields)
		case "width":
			for form, w := range f.fields(v, name) {
				at, n := name+"."+form, 0
				if s.Width[form] == 0 {
					f.addf(w.Line, at, "unknown form; they are text and voice")
				} else if f.decode(w, at, &n) && n < 20 {
					f.addf(w.Line, at, "is %d; want 20 or more", n)
				} else {
					s.Width[form] = n
				}
			}
		default:
			f.addf(v.Line, name, "unknown field; settings are version, languages, voice, currency, private, hosts, fields, width")
		}
	}
	if version != 1 {
		f.addf(n.Line, "version", "is %d, this program reads 1", version)
	}
	if len(s.Languages) == 0 || slices.Contains(s.Languages, nlu.Lang("")) {
		f.addf(n.Line, "languages", "name one or more languages, e.g. [zh, en]")
	}
	return s
}

// add puts a script into the book; two of one key are a fault.
func (b *Book) add(f *faults, s *Script) {
	if s == nil {
		return
	}
	if old := b.scripts[s.Key]; old != nil {
		f.key = s.Key
		f.addf(s.line, "", "is already in %s:%d; keep one", old.file, old.line)
		f.key = ""
		return
	}
	b.scripts[s.Key] = s
}
