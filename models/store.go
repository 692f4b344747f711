package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// StateName is the file in a store that says which bundle has which role.
const StateName = "registry.json"

// maxHistory bounds how many former bundles of a role are remembered for rolling back.
const maxHistory = 20

// State records who has which role, newest last.
type State struct {
	Roles   map[Role][]BundleID `json:"roles"`
	Changed time.Time           `json:"changed"`
}

// Current returns who has the role, or "".
func (s *State) Current(role Role) BundleID {
	if h := s.Roles[role]; len(h) > 0 {
		return h[len(h)-1]
	}
	return ""
}

func (s *State) previous(role Role) (BundleID, error) {
	if h := s.Roles[role]; len(h) > 1 {
		return h[len(h)-2], nil
	}
	return "", fmt.Errorf("roll back %s: %w: nothing had that role before", role, ErrNoBundle)
}

// Store is a folder of bundles with the state of the registry, shared by the server and the command line: changes are locked
// and atomic, and a running server follows them.
type Store struct {
	dir     string
	builtin func() (*Bundle, error)

	once      sync.Once
	builtinID BundleID
}

// OpenStore opens or creates the folder. builtin opens the bundle that is always there; it may be nil.
func OpenStore(dir string, builtin func() (*Bundle, error), builtinID BundleID) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open bundle store: %w", err)
	}
	return &Store{dir: dir, builtin: builtin, builtinID: builtinID}, nil
}

// Dir returns the folder.
func (s *Store) Dir() string { return s.dir }

// Builtin returns the id of the bundle that is always there, or "".
func (s *Store) Builtin() BundleID { return s.builtinID }

// Open reads and verifies a bundle by id.
func (s *Store) Open(id BundleID) (*Bundle, error) {
	if id == s.builtinID && s.builtin != nil {
		return s.builtin()
	}
	if !validID(id) {
		return nil, fmt.Errorf("%w: %q is not a bundle id", ErrNoBundle, id)
	}
	path := filepath.Join(s.dir, string(id))
	b, err := OpenPath(path)
	if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrInvalidBundle) {
		return nil, fmt.Errorf("%w: %q is not in %s", ErrNoBundle, id, s.dir)
	}
	if err != nil {
		return nil, err
	}
	if b.Manifest.ID != id {
		return nil, invalid(ManifestName, "the folder is named %q but holds bundle %q", id, b.Manifest.ID)
	}
	return b, nil
}

// Manifest reads a bundle's manifest without verifying the rest.
func (s *Store) Manifest(id BundleID) (*Manifest, error) {
	if id == s.builtinID && s.builtin != nil {
		b, err := s.builtin()
		if err != nil {
			return nil, err
		}
		return b.Manifest, nil
	}
	if !validID(id) {
		return nil, fmt.Errorf("%w: %q is not a bundle id", ErrNoBundle, id)
	}
	data, err := os.ReadFile(filepath.Join(s.dir, string(id), ManifestName))
	if err != nil {
		return nil, &BundleError{File: ManifestName, Reason: "cannot be read", Err: err}
	}
	return ParseManifest(data)
}

// List returns the ids of the bundles there are, the built-in one first. It does not verify them.
func (s *Store) List() ([]BundleID, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list bundles: %w", err)
	}
	var ids []BundleID
	if s.builtinID != "" {
		ids = append(ids, s.builtinID)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && BundleID(e.Name()) != s.builtinID {
			ids = append(ids, BundleID(e.Name()))
		}
	}
	return ids, nil
}

// State reads the roles. A store without a state has none.
func (s *Store) State() (State, error) {
	state := State{Roles: map[Role][]BundleID{}}
	data, err := os.ReadFile(filepath.Join(s.dir, StateName))
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return state, fmt.Errorf("read registry: %w", err)
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return state, fmt.Errorf("read registry %s: %w; restore it or delete it to start again from the built-in bundle", filepath.Join(s.dir, StateName), err)
	}
	if state.Roles == nil {
		state.Roles = map[Role][]BundleID{}
	}
	return state, nil
}

// SetRole gives the role to the bundle; "" takes it from everyone. It does not check that the bundle can be loaded, and measures nothing: see
// [Store.Promote]. The change is logged.
func (s *Store) SetRole(role Role, id BundleID) error {
	entry := RoleChange{By: ByHand, Bundle: id, To: role}
	return s.update(&entry, func(state *State) error {
		entry.From, entry.Replaced = state.RoleOf(id), state.Current(role)
		switch {
		case id == "":
			delete(state.Roles, role)
		case entry.Replaced == id:
			entry.By = "" // nothing changes but the time: whoever follows the store tries again
		default:
			s.give(state, role, id)
		}
		return nil
	})
}

// Rollback gives the role back to its former holder and returns that. The change is logged.
func (s *Store) Rollback(role Role) (prev BundleID, err error) {
	entry := RoleChange{By: ByRollback, To: role}
	err = s.update(&entry, func(state *State) error {
		if prev, err = state.previous(role); err != nil {
			return err
		}
		h := state.Roles[role]
		entry.Bundle, entry.From, entry.Replaced = prev, state.RoleOf(prev), h[len(h)-1]
		state.Roles[role] = h[:len(h)-1]
		return nil
	})
	return prev, err
}

// update changes the state under a lock that other processes respect, and writes it atomically. The entry that change fills in is logged before, so that
// no change goes unseen; one without By is not.
func (s *Store) update(entry *RoleChange, change func(*State) error) error {
	lock, err := os.OpenFile(filepath.Join(s.dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("lock registry: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock registry: %w", err)
	}
	state, err := s.State()
	if err != nil {
		return err
	}
	if err := change(&state); err != nil {
		return err
	}
	state.Changed = time.Now().UTC()
	if entry.By == "" {
		return s.write(&state)
	}
	entry.Time = state.Changed
	if err := s.log(entry); err != nil {
		return err
	}
	if err := s.write(&state); err != nil {
		failed := *entry
		failed.Failed = err.Error()
		return errors.Join(err, s.log(&failed))
	}
	return nil
}

func (s *Store) write(state *State) error {
	data, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("write registry: %w", err)
	}
	tmp := filepath.Join(s.dir, StateName+".new")
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write registry: %w", err)
	}
	if err := writeSynced(tmp, data); err != nil {
		return fmt.Errorf("write registry: %w", err)
	}
	return os.Rename(tmp, filepath.Join(s.dir, StateName))
}
