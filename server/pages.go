package server

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed assets
var assets embed.FS

// pages are the rendered pages. They never change while the server runs.
type pages struct {
	openAPI           []byte
	docs, parse, chat page
}

// page is a rendered page with its policy.
type page struct {
	html []byte
	csp  []string
}

// The parts of the pages, in order. They stand in one element each.
var (
	plainStyle  = []string{"style.css"}
	chatStyle   = []string{"style.css", "chat.css"}
	parseScript = []string{"parse.js"}
	chatScript  = []string{"chat_base.js", "chat_lines.js", "chat_panel.js", "chat_customer.js", "chat_agent.js", "chat_start.js"}
)

// Where pictures of the robot's replies may come from: the operator's shop, over TLS or on this machine. Nothing else is loaded.
const chatImages = "; img-src https: http://127.0.0.1:* http://localhost:*"

// newPages renders the pages once. Styles and scripts stand in the page and are allowed by their hash, so that nothing is loaded
// from elsewhere and nothing injected can run.
func newPages(version string) (*pages, error) {
	p := &pages{}
	var err error
	if p.openAPI, err = withVersion(openAPI, version); err != nil {
		return nil, err
	}
	var doc apiDoc
	if err := json.Unmarshal(p.openAPI, &doc); err != nil {
		return nil, fmt.Errorf("read openapi.json: %w", err)
	}
	t, err := template.New("").Funcs(template.FuncMap{"type": typeOf, "limits": limitsOf, "slug": slug}).ParseFS(assets, "assets/*.html")
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	data := pageData{Doc: &doc, Groups: groups(&doc), Errors: errorKinds}
	for _, one := range []struct {
		to            *page
		name          string
		style, script []string
		more          string
	}{
		{&p.docs, "docs.html", plainStyle, nil, ""},
		{&p.parse, "parse.html", plainStyle, parseScript, ""},
		{&p.chat, "chat.html", chatStyle, chatScript, chatImages},
	} {
		if *one.to, err = newPage(t, one.name, data, one.style, one.script, one.more); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func newPage(t *template.Template, name string, data pageData, styles, scripts []string, more string) (page, error) {
	style, err := joinAssets(styles)
	if err != nil {
		return page{}, err
	}
	csp := "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src " + hash(style) + more
	if scripts != nil {
		script, err := joinAssets(scripts)
		if err != nil {
			return page{}, err
		}
		data.Script = template.JS(script)
		csp += "; connect-src 'self'; script-src " + hash(script) + "; require-trusted-types-for 'script'"
	}
	data.Style = template.CSS(style)
	html, err := render(t, name, data)
	return page{html, []string{csp}}, err
}

// joinAssets reads files of assets one after the other.
func joinAssets(names []string) ([]byte, error) {
	var all []byte
	for _, name := range names {
		data, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return nil, fmt.Errorf("read pages: %w", err)
		}
		all = append(all, data...)
	}
	return all, nil
}

// pageData is what the templates see.
type pageData struct {
	Doc    *apiDoc
	Groups []apiGroup
	Errors []errorKind
	Style  template.CSS
	Script template.JS
}

type apiGroup struct {
	Name, Description string
	Operations        []*apiOperation
}

func groups(doc *apiDoc) []apiGroup {
	var list []apiGroup
	for _, tag := range doc.Tags {
		g := apiGroup{Name: tag.Name, Description: tag.Description}
		for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
			for method, op := range doc.Paths[path] {
				if slices.Contains(op.Tags, tag.Name) {
					op.Method, op.Path = strings.ToUpper(method), path
					g.Operations = append(g.Operations, op)
				}
			}
		}
		// what is asked for most comes first: the verbs that do the work, then those that tell about it
		slices.SortStableFunc(g.Operations, func(a, b *apiOperation) int { return strings.Compare(b.Method, a.Method) })
		list = append(list, g)
	}
	return list
}

func render(t *template.Template, name string, data pageData) ([]byte, error) {
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return b.Bytes(), nil
}

func hash(source []byte) string {
	sum := sha256.Sum256(source)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// slug names the anchor of a schema.
func slug(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// typeOf words a schema's type and names the schema that it refers to, if any.
func typeOf(s *apiSchema) struct{ Words, Ref string } {
	type words = struct{ Words, Ref string }
	switch {
	case s == nil:
		return words{}
	case s.Ref != "":
		return words{Ref: slug(s.Ref)}
	case len(s.AllOf) == 1:
		return typeOf(s.AllOf[0])
	case s.Items != nil:
		w := typeOf(s.Items)
		return words{"list of " + w.Words, w.Ref}
	case s.Type == "":
		return words{Words: "any"}
	}
	return words{Words: s.Type}
}

// limitsOf words what a value is bound to.
func limitsOf(s *apiSchema) string {
	var parts []string
	if len(s.Enum) > 0 && len(s.Enum) < 12 {
		parts = append(parts, strings.Join(s.Enum, " | "))
	}
	if s.Maximum != nil {
		low := 0.0
		if s.Minimum != nil {
			low = *s.Minimum
		}
		parts = append(parts, fmt.Sprintf("%v–%v", low, *s.Maximum))
	}
	if s.MaxLength != nil {
		parts = append(parts, fmt.Sprintf("at most %d characters", *s.MaxLength))
	}
	if s.MaxItems != nil {
		parts = append(parts, fmt.Sprintf("at most %d", *s.MaxItems))
	}
	if s.Default != nil {
		parts = append(parts, fmt.Sprintf("default %v", s.Default))
	}
	return strings.Join(parts, "; ")
}

func (s *Server) getDocs(c *gin.Context) error  { return s.pages.docs.send(c) }
func (s *Server) getParse(c *gin.Context) error { return s.pages.parse.send(c) }
func (s *Server) getChat(c *gin.Context) error  { return s.pages.chat.send(c) }

func (p *page) send(c *gin.Context) error {
	c.Writer.Header()["Content-Security-Policy"] = p.csp
	writeBytes(c, 200, "text/html; charset=utf-8", p.html)
	return nil
}
