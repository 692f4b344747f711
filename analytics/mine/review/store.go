package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"yingda/analytics"
	"yingda/analytics/mine"
)

// Errors of callers.
var (
	// ErrNotFound is returned for a group or a text that is not there.
	ErrNotFound = errors.New("not found")
	// ErrInvalid is returned for a decision or label that cannot be.
	ErrInvalid = errors.New("invalid")
	// ErrConflict is returned for a decision about a group that is settled in another way.
	ErrConflict = errors.New("conflict")
)

// Store keeps reviews in a folder. Safe for concurrent use, by several processes too.
type Store struct {
	dir string
	now func() time.Time
	mu  sync.Mutex // one decision after another: each is checked against those before
}

// Options of a store.
type Options struct {
	Dir string           // folder of analytics; reviews are in Dir/reviews
	Now func() time.Time // default time.Now
}

// Open returns the store of a folder, which need not exist.
func Open(o Options) (*Store, error) {
	if o.Dir == "" {
		return nil, errors.New("reviews: no folder is given")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Store{dir: filepath.Join(o.Dir, "reviews"), now: o.Now}, nil
}

// path names a file of a tenant.
func (s *Store) path(tenant, name string) (string, error) {
	folder := url.PathEscape(tenant)
	if strings.Trim(folder, ".") == "" {
		return "", fmt.Errorf("%w: %q is no name of a tenant", ErrInvalid, tenant)
	}
	return filepath.Join(s.dir, folder, name), nil
}

// appendTo appends to a file of a tenant.
func (s *Store) appendTo(tenant, name string, v any) error {
	path, err := s.path(tenant, name)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o750)
	}
	if err == nil {
		err = appendLine(path, v)
	}
	return err
}

// runSummary is a line of runs.jsonl.
type runSummary struct {
	Taken  time.Time      `json:"taken"`
	From   time.Time      `json:"from"`
	To     time.Time      `json:"to"`
	Bundle string         `json:"bundle"`
	Counts mine.Counts    `json:"counts"`
	Groups map[string]int `json:"groups"` // messages by id
}

// SaveRun makes a result the one that is reviewed.
func (s *Store) SaveRun(res *mine.Result) error {
	sum := runSummary{Taken: res.Taken, From: res.From, To: res.To, Bundle: string(res.Bundle), Counts: res.Counts, Groups: map[string]int{}}
	for _, g := range res.Groups {
		sum.Groups[g.ID] = g.Count
	}
	if err := s.appendTo(res.Tenant, "runs.jsonl", sum); err != nil {
		return fmt.Errorf("save run: %w", err)
	}
	path, err := s.path(res.Tenant, "run.json")
	if err != nil {
		return err
	}
	data, err := json.Marshal(res)
	if err == nil {
		err = replaceFile(path, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("save run: %w", err)
	}
	return nil
}

// Run returns the last result of a tenant, nil before the first.
func (s *Store) Run(tenant string) (*mine.Result, error) {
	path, err := s.path(tenant, "run.json")
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var res mine.Result
	if err == nil {
		err = json.Unmarshal(data, &res)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; run 'yingda mine' again", path, err)
	}
	return &res, nil
}

// NextID is the number of the next new group: no id is ever given twice.
func (s *Store) NextID(tenant string) (int, error) {
	path, err := s.path(tenant, "runs.jsonl")
	if err != nil {
		return 0, err
	}
	runs, err := readLines[runSummary](path)
	if err != nil {
		return 0, err
	}
	ds, err := s.Decisions(tenant)
	if err != nil {
		return 0, err
	}
	next := 1
	see := func(id string) {
		if n, err := strconv.Atoi(strings.TrimPrefix(id, "u-")); err == nil {
			next = max(next, n+1)
		}
	}
	for _, r := range runs {
		for id := range r.Groups {
			see(id)
		}
	}
	for _, d := range ds {
		see(d.Group)
	}
	return next, nil
}

// Point is the size of a group in a run.
type Point struct {
	Taken time.Time `json:"taken"`
	Count int       `json:"count"`
}

// trend reads the sizes of groups in the runs so far.
func (s *Store) trend(tenant string) (map[string][]Point, error) {
	path, err := s.path(tenant, "runs.jsonl")
	if err != nil {
		return nil, err
	}
	runs, err := readLines[runSummary](path)
	out := map[string][]Point{}
	for _, r := range runs {
		for id, n := range r.Groups {
			out[id] = append(out[id], Point{r.Taken, n})
		}
	}
	return out, err
}

// Status is what has become of a group.
type Status string

// The statuses.
const (
	Waiting  Status = "waiting" // for a decision
	Accepted Status = "accepted"
	Assigned Status = "assigned"
	Merged   Status = "merged"
	Refused  Status = "refused"
)

// Entry is a group with what was decided.
type Entry struct {
	mine.Group
	Status    Status     `json:"status"`
	Intent    string     `json:"intent,omitempty"` // accepted or assigned as
	Into      string     `json:"into,omitempty"`   // merged into
	Fresh     int        `json:"fresh,omitempty"`  // texts that came after it was accepted or assigned
	Trend     []Point    `json:"trend,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"`
}

// Groups returns the groups of the last run, those with the largest impact first. Members, centres and decisions are left out; see [Store.Group].
func (s *Store) Groups(tenant string) ([]Entry, error) {
	list, err := s.entries(tenant)
	for i := range list {
		list[i].Members, list[i].Centre, list[i].Decisions = nil, nil, nil
	}
	return list, err
}

// Group returns one group with its texts and the decisions about it.
func (s *Store) Group(tenant, id string) (*Entry, error) {
	list, err := s.entries(tenant)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("%w: there is no group %q in the last run", ErrNotFound, id)
	}
	list[i].Centre = nil
	return &list[i], nil
}

func (s *Store) entries(tenant string) ([]Entry, error) {
	res, err := s.Run(tenant)
	if err != nil || res == nil {
		return nil, err
	}
	ds, err := s.Decisions(tenant)
	if err != nil {
		return nil, err
	}
	trend, err := s.trend(tenant)
	if err != nil {
		return nil, err
	}
	state := fold(ds)
	out := make([]Entry, len(res.Groups))
	for i, g := range res.Groups {
		e := Entry{Group: g, Status: Waiting, Trend: trend[g.ID]}
		if st := state[g.ID]; st != nil {
			e.Status, e.Intent, e.Into, e.Decisions = st.status, st.intent, st.into, st.decisions
			e.Name = named(g.Name, st.name)
			if e.Status == Accepted || e.Status == Assigned {
				for _, m := range g.Members {
					if !st.texts[m.Key] {
						e.Fresh++
					}
				}
			}
		}
		out[i] = e
	}
	return out, nil
}

// named is a name with what people made of it.
func named(found, given analytics.Text) analytics.Text {
	if given.ZH != "" {
		found.ZH = given.ZH
	}
	if given.EN != "" {
		found.EN = given.EN
	}
	return found
}
