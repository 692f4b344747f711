package knowledge

import (
	"regexp"
	"slices"
	"strings"

	"yingda/nlu"
)

// The Markdown form:
//
//	lang: zh                        what holds for the whole file, before the first heading
//
//	# 配送                          a section: a tag of the entries below it
//
//	## 运费怎么算？ {#shipping.fee}  the question, and an id if it should have one
//	- 邮费多少                       other wordings
//	- 寄到新疆要运费吗
//	intents: shipping.fee_and_time  fields: intents, tags, links, image, next, lang; several values parted by commas
//
//	满 99 元包邮……                   the answer, up to the next ##, Markdown and all
//
// An answer that itself begins with a list or looks like a field is opened by a line "answer:".

var (
	headingID   = regexp.MustCompile(`^(.*?)\s*\{#([^}\s]+)\}\s*$`)
	fieldLine   = regexp.MustCompile(`^(lang|intents|intent|tags|tag|links|link|image|next)\s*[:：]\s*(.*)$`)
	bulletLine  = regexp.MustCompile(`^[-*+]\s+(.*)$`)
	answerLine  = regexp.MustCompile(`^(answer|答案|答)\s*[:：]\s*(.*)$`)
	headingLine = regexp.MustCompile(`^(#{1,2})\s+(.*?)\s*#*\s*$`)
)

// markdown reads line by line.
type markdown struct {
	f       *faults
	file    Draft // what holds for the whole file
	section string
	now     *Draft
	answer  []string
	opened  bool // the answer has begun
	fence   string
	out     []Draft
}

func readMarkdown(f *faults, data []byte, _ ReadOptions) []Draft {
	m := &markdown{f: f}
	for i, line := range strings.Split(string(data), "\n") {
		m.line(i+1, strings.TrimRight(line, " \t"))
	}
	m.end()
	return m.out
}

func (m *markdown) line(n int, s string) {
	if m.fenced(s) {
		m.answer = append(m.answer, s)
		return
	}
	if h := headingLine.FindStringSubmatch(s); h != nil {
		m.end()
		if len(h[1]) == 1 {
			m.section = h[2]
			return
		}
		m.now = &Draft{Line: n}
		m.now.Lang, m.now.Intents, m.now.Tags = m.file.Lang, slices.Clone(m.file.Intents), slices.Clone(m.file.Tags)
		if m.section != "" {
			m.now.Tags = append(m.now.Tags, m.section)
		}
		question := h[2]
		if id := headingID.FindStringSubmatch(question); id != nil {
			question, m.now.ID = id[1], id[2]
		}
		m.now.Questions = []string{question}
		return
	}
	if m.opened {
		m.answer = append(m.answer, s)
		return
	}
	m.head(n, s)
}

// fenced tells whether a line belongs to a block of code in an answer, where headings are text.
func (m *markdown) fenced(s string) bool {
	if !m.opened {
		return false
	}
	mark := ""
	for _, f := range []string{"```", "~~~"} {
		if strings.HasPrefix(strings.TrimLeft(s, " "), f) {
			mark = f
		}
	}
	switch {
	case m.fence == "" && mark != "":
		m.fence = mark
	case m.fence != "" && mark == m.fence:
		m.fence = ""
		return true
	}
	return m.fence != ""
}

// head reads a line between a question and its answer, or before the first question.
func (m *markdown) head(n int, s string) {
	to := m.now
	if to == nil {
		to = &m.file
	}
	if s == "" || s == "---" || strings.HasPrefix(s, "<!--") && strings.HasSuffix(s, "-->") {
		return
	}
	if v := fieldLine.FindStringSubmatch(s); v != nil {
		switch v[1] {
		case "lang":
			to.Lang = nlu.Lang(strings.ToLower(v[2]))
		case "intents", "intent":
			to.Intents = append(to.Intents, split(v[2], ",， ")...)
		case "tags", "tag":
			to.Tags = append(to.Tags, split(v[2], ",，、")...)
		case "links", "link":
			to.Links = append(to.Links, split(v[2], ", ")...)
		case "image":
			to.Image = v[2]
		case "next":
			to.Next = append(to.Next, split(v[2], ",， ")...)
		}
		return
	}
	if m.now == nil {
		m.f.add(n, "", "", "text before the first question; questions begin with ##")
		return
	}
	if v := bulletLine.FindStringSubmatch(s); v != nil {
		m.now.Questions = append(m.now.Questions, v[1])
		return
	}
	m.opened = true
	if v := answerLine.FindStringSubmatch(s); v != nil {
		s = v[2]
	}
	m.answer = append(m.answer, s)
}

// end closes the entry under way.
func (m *markdown) end() {
	if m.now != nil {
		m.now.Answer = strings.Join(m.answer, "\n")
		m.out = append(m.out, *m.now)
	}
	m.now, m.answer, m.opened, m.fence = nil, nil, false, ""
}
