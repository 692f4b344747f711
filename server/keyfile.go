package server

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"yingda/dialogue"
)

// DefaultTenant is the tenant of keys that name none, and of all requests where no keys are needed.
const DefaultTenant = "default"

// agentID is what an agent's id may look like.
var agentID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// defaultRate is how many requests a second a key may make that names no rate. Twice the rate may come at once.
const defaultRate = 200

var keyFields = []string{"id", "hash", "roles", "tenant", "agent", "expires", "rate", "burst", "note"}

// keyID is what an id may look like: it has no dot, which ends it in a credential, and is fit for logs.
var keyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// keyParser reads a key file and collects what is wrong with it.
type keyParser struct {
	file   string
	faults []error
	keys   map[string]*apiKey
}

// parseKeys reads a key file: YAML or JSON, an object with the list "keys".
func parseKeys(file string, data []byte) (map[string]*apiKey, error) {
	p := &keyParser{file: file, keys: map[string]*apiKey{}}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf(`%s: is empty: write a list "keys"`, file)
	}
	for name, value := range p.object(doc.Content[0], []string{"keys"}) {
		if value.Kind != yaml.SequenceNode {
			p.fault(value, "%s must be a list", name)
			continue
		}
		for _, n := range value.Content {
			p.key(n)
		}
	}
	if len(p.keys) == 0 && len(p.faults) == 0 {
		p.faults = append(p.faults, fmt.Errorf("%s: holds no key: nobody could call anything", file))
	}
	return p.keys, errors.Join(p.faults...)
}

func (p *keyParser) fault(n *yaml.Node, format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf("%s:%d: %s", p.file, n.Line, fmt.Sprintf(format, args...)))
}

// object returns the members of a mapping whose names are known.
func (p *keyParser) object(n *yaml.Node, known []string) map[string]*yaml.Node {
	members := map[string]*yaml.Node{}
	if n.Kind != yaml.MappingNode {
		p.fault(n, "want an object with %s", strings.Join(known, ", "))
		return members
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		switch {
		case !slices.Contains(known, name.Value):
			p.fault(name, "%q is not a field; there are %s", name.Value, strings.Join(known, ", "))
		case members[name.Value] != nil:
			p.fault(name, "%s is given twice", name.Value)
		default:
			members[name.Value] = n.Content[i+1]
		}
	}
	return members
}

func (p *keyParser) key(n *yaml.Node) {
	before := len(p.faults)
	k := &apiKey{Caller: Caller{Tenant: DefaultTenant, rate: defaultRate}}
	members := p.object(n, keyFields)
	for _, name := range keyFields { // in this order, so that faults are told in the same one each time
		if v := members[name]; v != nil {
			p.field(k, name, v)
		}
	}
	for _, name := range []string{"id", "hash", "roles"} {
		if members[name] == nil && n.Kind == yaml.MappingNode {
			p.fault(n, "the key has no %s", name)
		}
	}
	switch {
	case p.keys[k.Key] != nil:
		p.fault(n, "the id %q is given twice", k.Key)
	case k.Agent != "" && k.access != accessAgent:
		p.fault(n, "agent is for keys whose only role is agent")
	case len(p.faults) == before:
		if k.burst == 0 {
			k.burst = max(int(2*k.rate), 1)
		}
		p.keys[k.Key] = k
	}
}

func (p *keyParser) field(k *apiKey, name string, v *yaml.Node) {
	switch name {
	case "id":
		if k.Key = v.Value; !keyID.MatchString(k.Key) {
			p.fault(v, "id %q: want 1 to 64 of A–Z a–z 0–9 _ -", k.Key)
		}
	case "hash":
		var err error
		if k.hash, err = parseHash(v.Value); err != nil {
			p.fault(v, "hash: %v", err)
		}
	case "roles":
		p.roles(k, v)
	case "tenant":
		k.Tenant = v.Value
		if err := (dialogue.Key{Tenant: k.Tenant, Conversation: "x"}).Validate(); err != nil {
			p.fault(v, "%v", err)
		}
	case "agent":
		k.Agent = v.Value
		if !agentID.MatchString(k.Agent) {
			p.fault(v, "agent %q: want 1 to 64 of A–Z a–z 0–9 _ . -", k.Agent)
		}
	case "expires":
		k.expires = p.time(v)
	case "rate":
		if err := v.Decode(&k.rate); err != nil || !(k.rate > 0 && k.rate <= 1e6) {
			p.fault(v, "rate %q: want requests a second, more than 0, at most 1000000", v.Value)
		}
	case "burst":
		if err := v.Decode(&k.burst); err != nil || k.burst < 1 || k.burst > 1e6 {
			p.fault(v, "burst %q: want a whole number from 1 to 1000000", v.Value)
		}
	}
}

func (p *keyParser) roles(k *apiKey, v *yaml.Node) {
	if v.Kind != yaml.SequenceNode || len(v.Content) == 0 {
		p.fault(v, "roles must be a list of one or more of %s", joinRoles())
		return
	}
	for _, n := range v.Content {
		a, ok := accessOf[Role(n.Value)]
		if !ok {
			p.fault(n, "role %q: want one of %s", n.Value, joinRoles())
		}
		k.access |= a
	}
}

// time reads a moment, or a day: the key is good to the end of that day, UTC.
func (p *keyParser) time(v *yaml.Node) time.Time {
	if t, err := time.Parse(time.RFC3339, v.Value); err == nil {
		return t
	}
	t, err := time.Parse(time.DateOnly, v.Value)
	if err != nil {
		p.fault(v, "expires %q: want a day such as 2027-03-31 or RFC 3339 with a zone", v.Value)
	}
	return t.AddDate(0, 0, 1)
}

func joinRoles() string {
	names := make([]string, len(Roles))
	for i, r := range Roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}
