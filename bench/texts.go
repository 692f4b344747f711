package bench

import (
	_ "embed"
	"math/rand/v2"
	"strings"
)

//go:embed texts.txt
var texts string

// Texts returns what customers write, one message each: written for this project, Chinese and English, as short and as mixed as chat
// traffic. The order is shuffled, always the same way, so that every part of the list is like the whole. quick takes a fifth of them.
func Texts(quick bool) []string {
	var list []string
	for line := range strings.Lines(texts) {
		list = append(list, strings.TrimSpace(line))
	}
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	if quick {
		list = list[:len(list)/5]
	}
	return list
}
