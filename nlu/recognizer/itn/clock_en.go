package itn

import (
	"fmt"
	"strconv"
	"strings"

	"yingda/nlu/recognizer/grammar"
)

// enClock writes "eleven fifty five p m" as 11:55 p.m.
func enClock(c *grammar.Call) any {
	return clockOf(c, figuresIn(c, "hour"), figuresIn(c, "minute"))
}

// figuresIn returns the number that a part of the phrase is written as, 0 if it is not there.
func figuresIn(c *grammar.Call, name string) int {
	n, err := strconv.Atoi(text(c, c.Get(name)))
	if err != nil {
		return 0
	}
	return n
}

// minutesOf returns how long before or after the hour it is.
func minutesOf(c *grammar.Call) int { return c.Int("minute", c.Int("part-of-hour", 0)) }

// enClockPast writes "quarter past one".
func enClockPast(c *grammar.Call) any { return clockOf(c, figuresIn(c, "hour"), minutesOf(c)) }

// enClockTo writes "quarter to one".
func enClockTo(c *grammar.Call) any {
	h := figuresIn(c, "hour") - 1
	if h == 0 {
		h = 12
	}
	return clockOf(c, h, 60-minutesOf(c))
}

func clockOf(c *grammar.Call, hour, minute int) any {
	s := fmt.Sprintf("%02d:%02d", hour, minute)
	if n := c.Get("half-day"); n != nil {
		half := text(c, n)
		if raw := c.Context.(*spoken).surface(n); raw[0] >= 'A' && raw[0] <= 'Z' {
			half = strings.ToUpper(half)
		}
		s += " " + half
	}
	if n := c.Get("zone"); n != nil {
		s += " " + strings.ReplaceAll(c.Context.(*spoken).surface(n), " ", "")
	}
	return s
}
