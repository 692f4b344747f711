package demoshop

import (
	"fmt"
	"net/url"
	"strings"

	"yingda/dialogue/action"
)

// Actions is the configuration with which the robot calls a shop at an address such as "http://127.0.0.1:8091"; see package action.
func Actions(address, secret string) action.Config {
	shop := action.System{URL: strings.TrimSuffix(address, "/") + "/v1/call", Secret: secret, SignedAnswers: secret != "", Retries: 2, Idempotent: true}
	if u, err := url.Parse(address); err == nil {
		shop.Allow = []string{u.Hostname()}
	}
	c := action.Config{Systems: map[string]action.System{"shop": shop}, Routes: map[string]action.Route{}}
	for name, o := range ops() { // one by one, so that what the shop does not answer counts as not set up
		c.Routes[name] = action.Route{System: "shop", Read: o.read}
	}
	return c
}

// ActionsFile is [Actions] as the file actions.yaml.
func ActionsFile(address, secret string) string {
	c := Actions(address, secret)
	s := c.Systems["shop"]
	var b strings.Builder
	fmt.Fprintf(&b, "# Where the robot's calls go: the demo shop.\nversion: 1\nsystems:\n  shop:\n    url: %s\n", s.URL)
	if secret != "" {
		fmt.Fprintf(&b, "    secret: %s\n    signed_answers: true\n", secret)
	}
	fmt.Fprintf(&b, "    timeout: 3s\n    deadline: 8s\n    retries: 2\n    allow: [%q]\ncalls:\n", s.Allow[0])
	for _, name := range sortedKeys(c.Routes) {
		if c.Routes[name].Read {
			fmt.Fprintf(&b, "  %s: {system: shop, read: true}\n", name)
		} else {
			fmt.Fprintf(&b, "  %s: shop\n", name)
		}
	}
	return b.String()
}
