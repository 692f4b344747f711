package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode"
)

// transcriptFile names the environment variable with the file that TestWalk writes.
const transcriptFile = "YINGDA_TRANSCRIPT"

// transcript takes down what is said. A nil one takes nothing.
type transcript struct {
	b  strings.Builder
	zh bool // the scene is in Chinese
}

const transcriptHead = `# Transcript

What the robot answered on a walk over HTTP with the demo shop, word for word: ` + "`make transcript`" + ` starts the program, says the customers' and the agents' lines,
and writes this file. The word behind an answer is the robot's action, in brackets are the buttons it offered. 以下是机器人的真实回答，由 ` + "`make transcript`" + ` 生成。
`

func (p *transcript) scene(title string) {
	if p == nil {
		return
	}
	if p.b.Len() > 0 {
		p.b.WriteString("```\n")
	}
	p.zh = strings.ContainsFunc(title, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	fmt.Fprintf(&p.b, "\n## %s\n\n```\n", title)
}

// word chooses by the scene's language.
func (p *transcript) word(zh, en string) string {
	if p.zh {
		return zh
	}
	return en
}

// turn takes what the customer said, nil = nothing, and the answer.
func (p *transcript) turn(text any, a said) {
	if p == nil {
		return
	}
	if text != nil {
		fmt.Fprintf(&p.b, "%s%v\n", p.word("客户  ", "customer  "), text)
	}
	if a.Action == "silent" {
		p.note("有人工在接待，机器人不出声", "an agent speaks: the robot is silent")
	}
	who := p.word("应答  ", "robot     ")
	for i, r := range a.Replies {
		line := who + strings.ReplaceAll(r.Text, "\n", "\n"+p.word("      ", "          "))
		for _, b := range r.Buttons {
			line += " [" + b.Title + "]"
		}
		if i == len(a.Replies)-1 && a.Action != "" {
			line += "   — " + a.Action
			if a.Action == "handoff" {
				line += " → " + a.Owner.Queue
			}
		}
		p.b.WriteString(line + "\n")
		who = p.word("      ", "          ")
	}
}

func (p *transcript) agent(text string) {
	if p != nil {
		fmt.Fprintf(&p.b, "%s%s\n", p.word("人工  ", "agent     "), text)
	}
}

// note takes what happened.
func (p *transcript) note(zh, en string) {
	if p != nil {
		indent := p.word("      ", "          ")
		fmt.Fprintf(&p.b, "%s(%s)\n", indent, strings.ReplaceAll(strings.TrimSpace(p.word(zh, en)), "\n", "\n"+indent+" "))
	}
}

// write finishes the transcript, unless something went wrong on the walk.
func (p *transcript) write(tb testing.TB) {
	tb.Helper()
	if p == nil || tb.Failed() {
		return
	}
	if err := os.WriteFile(os.Getenv(transcriptFile), []byte(transcriptHead+p.b.String()+"```\n"), 0o644); err != nil {
		tb.Fatal(err)
	}
}
