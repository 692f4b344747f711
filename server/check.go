package server

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/nlu"
)

// checker collects what is wrong with the values of a request that could be read.
type checker struct {
	limits *Limits
	faults []*fault
}

func (ck *checker) fault(code Code, field, format string, args ...any) {
	if len(ck.faults) < maxFaults {
		ck.faults = append(ck.faults, fieldFault(code, field, format, args...))
	}
}

func (ck *checker) bytes(field, v string, most int) {
	if len(v) > most {
		ck.fault(CodeBadValue, field, "has %d bytes, at most %d are allowed", len(v), most)
	}
}

func (ck *checker) runes(field, v string, most int) {
	if n := utf8.RuneCountInString(v); n > most {
		ck.fault(CodeBadValue, field, "has %d characters, at most %d are allowed", n, most)
	}
}

func (ck *checker) required(field, v string) {
	if strings.TrimSpace(v) == "" {
		ck.fault(CodeBadValue, field, "is missing or empty")
	}
}

func (ck *checker) confidence(field string, v float64) {
	if !(v >= 0 && v <= 1) {
		ck.fault(CodeBadConfidence, field, "is %v: send a number from 0 to 1", v)
	}
}

// language reads a language tag; the region is of no account.
func (ck *checker) language(field, tag string) nlu.Lang {
	primary, ok := primaryLanguage(tag)
	if !ok {
		ck.fault(CodeBadLanguage, field, "is %s: send one of %s, or leave it out to have it detected", quote(tag), strings.Join(languages, ", "))
	}
	return primary
}

func primaryLanguage(tag string) (nlu.Lang, bool) {
	primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	return nlu.Lang(primary), tag == "" || slices.Contains(languages, primary)
}

func (ck *checker) spanUnit(v string) unit {
	i := slices.Index(nativeUnits, v)
	if v != "" && i < 0 {
		ck.fault(CodeBadSpanUnit, "span_unit", "is %s: send one of %s", quote(v), strings.Join(nativeUnits, ", "))
	}
	return unit(max(i, 0))
}

// longText words the fault of a text with too many tokens for the fields of a message: its text, then its alternatives.
func longText(err error) error {
	var long *nlu.TooLongError
	if errors.As(err, &long) {
		return tooLong(long, "text")
	}
	return nil
}

// conversationKey reads the conversation that a path names, for the caller's tenant.
func conversationKey(c *gin.Context) (dialogue.Key, error) {
	k := dialogue.Key{Tenant: callerOf(c).Tenant, Conversation: c.Param("conversation")}
	if err := k.Validate(); err != nil {
		return k, fieldFault(CodeBadValue, "conversation", "is not usable: %v", err)
	}
	return k, nil
}

// queryNumber reads a whole number from the query.
func queryNumber(c *gin.Context, name string, def, most uint64) (uint64, error) {
	v := c.Query(name)
	if v == "" {
		return def, nil
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n > most {
		return 0, fieldFault(CodeBadQuery, name, "is %s: send a whole number from 0 to %d", quote(v), most)
	}
	return n, nil
}

// page reads after and limit of a list that is read in parts.
func (s *Server) page(c *gin.Context) (after uint64, limit int, err error) {
	after, err = queryNumber(c, "after", 0, 1<<63-1)
	if err != nil {
		return 0, 0, err
	}
	n, err := queryNumber(c, "limit", uint64(min(50, s.limits.Page)), uint64(s.limits.Page))
	if err != nil {
		return 0, 0, err
	}
	return after, max(int(n), 1), nil
}

// checkLoop refuses what a robot's own signed webhook brings: a system of the operator's is set up to point back at the robot.
func checkLoop(r *http.Request) error {
	if r.Header.Get("Webhook-Id") == "" {
		return nil
	}
	return newFault(CodeLoop, "This is a webhook of a robot that was sent to a robot: let it point to the operator's own system.")
}
