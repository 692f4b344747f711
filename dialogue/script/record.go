package script

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"yingda/dialogue"
)

// docPrefix begins the names of all documents of scripts: script/TENANT/KEY.
const docPrefix = "script/"

// maxSource bounds a script edited at run time, in bytes.
const maxSource = 64 << 10

// Act is what was done to a script.
type Act string

// The acts.
const (
	Saved      Act = "saved"       // a draft was written
	Discarded  Act = "discarded"   // the draft was thrown away
	Published  Act = "published"   // the draft is said from now on
	RolledBack Act = "rolled_back" // an earlier version is said again, as a new version
	Restored   Act = "restored"    // the book's own script is said again
)

// record is the body of a script's document.
type record struct {
	Act       Act    `json:"act"`
	Note      string `json:"note,omitempty"` // why, by who did it
	Draft     string `json:"draft,omitempty"`
	Published string `json:"published,omitempty"` // empty = the book's script is said
	Version   int    `json:"version"`             // of Published
	Last      int    `json:"last"`                // highest version ever published
	From      int    `json:"from,omitempty"`      // version that was rolled back to
	// Kept are the published versions, newest first, so that rolling back does not depend on how much history the documents keep.
	Kept []kept `json:"kept,omitempty"`
}

// kept is a version that was published.
type kept struct {
	Version int    `json:"version"`
	Source  string `json:"source"`
}

// Bounds of what record.Kept holds; the oldest go first.
const (
	maxKept      = 200
	maxKeptBytes = 256 << 10
)

// publish makes source the next version.
func (r *record) publish(source string) {
	r.Last++
	r.Published, r.Version = source, r.Last
	r.Kept = append([]kept{{r.Version, source}}, r.Kept...)
	size := 0
	for i, k := range r.Kept {
		if size += len(k.Source); i == maxKept || i > 0 && size > maxKeptBytes {
			r.Kept = r.Kept[:i]
			return
		}
	}
}

// version returns the text of a version that was published.
func (r *record) version(version int) (string, error) {
	for _, k := range r.Kept {
		if k.Version == version {
			return k.Source, nil
		}
	}
	return "", fmt.Errorf("%w: %d", ErrNoVersion, version)
}

func readRecord(body []byte) (record, error) {
	var r record
	if err := json.Unmarshal(body, &r); err != nil {
		return r, fmt.Errorf("read script's document: %w", err)
	}
	return r, nil
}

func docName(tenant, key string) string { return docPrefix + tenant + "/" + key }

func splitName(name string) (tenant, key string, ok bool) {
	rest, ok := strings.CutPrefix(name, docPrefix)
	if !ok {
		return "", "", false
	}
	tenant, key, ok = strings.Cut(rest, "/")
	return tenant, key, ok && tenant != "" && key != ""
}

// place checks who and what is meant before the documents are asked.
func place(tenant, key string) error {
	if err := (dialogue.Key{Tenant: tenant, Conversation: "-"}).Validate(); err != nil {
		return err
	}
	if len(key) > 160 || !validKey.MatchString(key) {
		return &Fault{Key: key, Reason: "a key is lower-case words joined by dots, e.g. ask.order_id"}
	}
	return nil
}

// parse reads the YAML of one script and checks it as the book's own are. The error joins a *[Fault] for everything that is wrong.
func (b *Book) parse(key, source string) (*Script, error) {
	f := &faults{key: key}
	if len(source) > maxSource {
		f.addf(0, "", "has %d bytes, at most %d", len(source), maxSource)
		return nil, f.err()
	}
	n := f.root([]byte(source))
	if n == nil {
		return nil, f.err()
	}
	tone := false
	if s := b.nearest(key, false); s != nil {
		tone = s.Tone
	}
	s := f.script(key, n, tone)
	if s == nil {
		return nil, f.err()
	}
	f.key, s.Source = key, source
	b.settings.check(f, s)
	if key == General && len(f.all) == 0 {
		b.checkGeneral(f, s)
	}
	return s, f.err()
}

// checkDraft is parse with what only an editor is told: slots that nobody fills and keys that nobody says.
func (l *Library) checkDraft(key, source string) (*Script, error) {
	s, err := l.book.parse(key, source)
	if s == nil || source == "" {
		return s, err
	}
	f := &faults{key: key}
	for _, one := range FaultsOf(err) {
		f.all = append(f.all, one)
	}
	if l.book.nearest(key, false) == nil {
		f.addf(0, "", "no key of this kind is ever said; kinds are %s", strings.Join(l.book.kinds(), ", "))
		return s, f.err()
	}
	l.book.settings.checkOffered(f, s, l.offered(key))
	return s, f.err()
}

// kinds lists the first words of all keys.
func (b *Book) kinds() []string {
	var kinds []string
	for key := range b.scripts {
		kind, _, _ := strings.Cut(key, ".")
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}
