package media

import (
	"fmt"
	"math"
	"mime"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda/dialogue"
)

// Limits of attachments. Zero fields mean the default.
type Limits struct {
	Count   int      // attachments of a message; default 10
	URL     int      // bytes of a URL; default 2048
	Caption int      // code points of a caption; default 1000
	Size    int64    // bytes that the channel says it has; default 20 MiB
	Schemes []string // of URLs; default https and http. A channel may have one of its own, e.g. "wxfile"
}

func (l Limits) withDefaults() Limits {
	if l.Count <= 0 {
		l.Count = 10
	}
	if l.URL <= 0 {
		l.URL = 2048
	}
	if l.Caption <= 0 {
		l.Caption = 1000
	}
	if l.Size <= 0 {
		l.Size = 20 << 20
	}
	if len(l.Schemes) == 0 {
		l.Schemes = []string{"https", "http"}
	}
	return l
}

// kinds are the attachment types with the MIME types they may have.
var kinds = map[dialogue.AttachmentType][]string{
	dialogue.Image:    {"image/"},
	dialogue.Sticker:  {"image/", "application/json"}, // animated ones are vector drawings
	dialogue.Audio:    {"audio/", "application/ogg"},
	dialogue.Video:    {"video/"},
	dialogue.Link:     {"text/", "application/xhtml+xml"},
	dialogue.File:     {""},
	dialogue.Location: nil,
}

// Check tells what is wrong with the attachments of a message: unknown types, too many, URLs that are none or could run something in an
// agent's browser, sizes, places off the globe. The error is a *dialogue.InputError.
func Check(as []dialogue.Attachment, l Limits) error {
	l = l.withDefaults()
	if len(as) > l.Count {
		return &dialogue.InputError{Field: "attachments", Reason: fmt.Sprintf("there are %d, at most %d are taken; send the rest in another message", len(as), l.Count)}
	}
	for i, a := range as {
		if field, reason := fault(a, l); reason != "" {
			return &dialogue.InputError{Field: fmt.Sprintf("attachments[%d].%s", i, field), Reason: reason}
		}
	}
	return nil
}

func fault(a dialogue.Attachment, l Limits) (field, reason string) {
	types, known := kinds[a.Type]
	if !known {
		return "type", fmt.Sprintf("%.40q is not known; want image, link, location, audio, video, file or sticker", a.Type)
	}
	if a.Type == dialogue.Location {
		if !(math.Abs(a.Lat) <= 90 && math.Abs(a.Lon) <= 180) || a.Lat == 0 && a.Lon == 0 {
			return "lat", fmt.Sprintf("%g, %g is no place on earth; want lat from -90 to 90 and lon from -180 to 180", a.Lat, a.Lon)
		}
	}
	if a.URL == "" {
		switch {
		case a.Type == dialogue.Location, a.Type == dialogue.Sticker && (a.Caption != "" || a.Title != ""):
		default:
			return "url", "is missing; say where the channel keeps it"
		}
	} else if reason := urlFault(a.URL, a.Type, l); reason != "" {
		return "url", reason
	}
	if a.MIME != "" {
		got, _, err := mime.ParseMediaType(a.MIME)
		switch {
		case err != nil:
			return "mime", fmt.Sprintf("%.60q is not a MIME type such as image/jpeg", a.MIME)
		case !slices.ContainsFunc(types, func(t string) bool { return strings.HasPrefix(got, t) }):
			return "mime", fmt.Sprintf("%.60q does not go with type %s", got, a.Type)
		case got == "image/svg+xml":
			return "mime", "drawings that can hold scripts (SVG) are not taken; send a PNG or a JPEG"
		}
	}
	if a.Size < 0 || a.Size > l.Size {
		return "size", fmt.Sprintf("is %d bytes, at most %d are taken", a.Size, l.Size)
	}
	for field, s := range map[string]string{"caption": a.Caption, "title": a.Title} {
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) > l.Caption {
			return field, fmt.Sprintf("want UTF-8 of at most %d characters", l.Caption)
		}
	}
	return "", ""
}

func urlFault(s string, kind dialogue.AttachmentType, l Limits) string {
	if len(s) > l.URL {
		return fmt.Sprintf("has %d bytes, at most %d are taken; data in the URL itself is not", len(s), l.URL)
	}
	for _, r := range s {
		if r <= ' ' || unicode.IsControl(r) || r == utf8.RuneError || r == '\\' || unicode.In(r, unicode.Cf) {
			return fmt.Sprintf("holds %q, which no URL does; escape it", r)
		}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "is not a URL"
	case !slices.Contains(l.Schemes, u.Scheme) || kind == dialogue.Link && u.Scheme != "https" && u.Scheme != "http":
		return fmt.Sprintf("scheme %.20q is not taken; want %s", u.Scheme, strings.Join(l.Schemes, " or "))
	case u.Opaque != "" || u.Host == "":
		return "names no host; want https://host/path"
	case u.User != nil:
		return "holds a name or a password; leave it out"
	}
	return ""
}
