package server

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// into reads a value into Go's type for it, as strictly as everything else here: unknown and repeated fields, wrong types and numbers
// that do not fit are faults that name their place. It knows what requests are made of: structs by their json tags, slices, maps with
// string keys, pointers, strings, booleans, numbers, times in RFC 3339, json.RawMessage, any, and types that read text.
func (r *jsonReader) into(v reflect.Value) {
	r.space()
	if r.fault != nil || r.special(v) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		r.into(p.Elem())
		v.Set(p)
	case reflect.Struct:
		fields := fieldsOf(v.Type())
		r.object(fields.names, func(name string) { r.into(v.FieldByIndex(fields.at[name])) })
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		r.array(func(int) {
			e := reflect.New(v.Type().Elem()).Elem()
			r.into(e)
			v.Set(reflect.Append(v, e))
		})
	case reflect.Map:
		r.mapping(v)
	case reflect.String:
		v.SetString(r.text())
	case reflect.Bool:
		v.SetBool(r.boolean())
	case reflect.Float64:
		v.SetFloat(r.number())
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
		r.whole(v)
	default:
		panic("server: no request holds a " + v.Type().String())
	}
}

var rawType = reflect.TypeFor[json.RawMessage]()

// special reads the types that are not what their kind says.
func (r *jsonReader) special(v reflect.Value) bool {
	switch {
	case v.Type() == rawType:
		v.SetBytes(r.raw())
		return true
	case v.Kind() == reflect.Interface && v.NumMethod() == 0:
		var x any
		if data := r.raw(); r.fault == nil {
			if err := json.Unmarshal(data, &x); err != nil {
				r.fail(CodeWrongType, "must be a value that fits")
			}
		}
		if x != nil {
			v.Set(reflect.ValueOf(x))
		}
		return true
	}
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		text := r.text()
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			r.fail(CodeBadValue, "is %s: send RFC 3339 with a zone, e.g. 2026-11-22T09:30:00+08:00", quote(text))
		}
		*p = t
	case *time.Duration:
		text := r.text()
		d, err := time.ParseDuration(text)
		if err != nil {
			r.fail(CodeBadValue, `is %s: send a duration such as "90s", "15m" or "24h"`, quote(text))
		}
		*p = d
	case encoding.TextUnmarshaler:
		text := r.text()
		if err := p.UnmarshalText([]byte(text)); err != nil {
			r.fail(CodeBadValue, "is %s: %s", quote(text), err)
		}
	default:
		return false
	}
	return true
}

// raw returns the bytes of any value.
func (r *jsonReader) raw() []byte {
	r.space()
	start := r.pos
	r.skip()
	if r.fault != nil {
		return nil
	}
	return append([]byte(nil), r.data[start:r.pos]...)
}

// mapping reads an object with names of the caller's choice. A name that is given twice is a fault here too.
func (r *jsonReader) mapping(v reflect.Value) {
	m := reflect.MakeMap(v.Type())
	v.Set(m)
	if !r.begin('{', "an object") {
		return
	}
	for first := true; r.more('}', first); first = false {
		if r.space(); r.peek() != '"' {
			r.syntax("a field name in double quotes")
			return
		}
		name := r.rawString()
		r.space()
		if !r.expect(':', "':' after the field name") {
			return
		}
		r.path = append(r.path, step{name: clip(name)})
		key := reflect.ValueOf(name).Convert(v.Type().Key())
		if m.MapIndex(key).IsValid() {
			r.fail(CodeDuplicateField, "is given twice in the same object: give it once")
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if r.space(); !r.null() {
			r.into(e)
		}
		m.SetMapIndex(key, e)
		r.pop()
	}
}

// whole reads an integer of any size that the type holds.
func (r *jsonReader) whole(v reflect.Value) {
	if !r.isType('0', "a number") {
		return
	}
	digits := string(r.rawNumber())
	if r.fault != nil {
		return
	}
	var err error
	if v.CanUint() {
		var x uint64
		x, err = strconv.ParseUint(digits, 10, v.Type().Bits())
		v.SetUint(x)
	} else {
		var x int64
		x, err = strconv.ParseInt(digits, 10, v.Type().Bits())
		v.SetInt(x)
	}
	if err != nil {
		from := ""
		if v.CanUint() {
			from = " from 0 on"
		}
		r.fail(CodeWrongType, "must be a whole number%s, got %s", from, clip(digits))
	}
}

// structFields are the JSON names of a struct's fields, embedded structs included.
type structFields struct {
	names []string
	at    map[string][]int
}

var structs sync.Map // reflect.Type → *structFields

func fieldsOf(t reflect.Type) *structFields {
	if f, ok := structs.Load(t); ok {
		return f.(*structFields)
	}
	f := &structFields{at: map[string][]int{}}
	for _, sf := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if sf.Anonymous && name == "" || !sf.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = sf.Name
		}
		if f.at[name] == nil {
			f.names, f.at[name] = append(f.names, name), sf.Index
		}
	}
	if len(f.names) > 64 {
		panic(fmt.Sprintf("server: %s has more fields than an object may have", t))
	}
	structs.Store(t, f)
	return f
}

// readInto reads a JSON body into what dst points to.
func (s *Server) readInto(c *gin.Context, dst any) error {
	body, err := s.readBody(c, false)
	if err != nil {
		return err
	}
	defer putBuffer(body)
	if err := decodeInto(body.Bytes(), s.limits.JSONDepth, false, dst); err != nil {
		return err
	}
	return bounded(dst)
}

func decodeInto(body []byte, depth int, lenient bool, dst any) error {
	r := newJSONReader(body, depth, lenient)
	r.into(reflect.ValueOf(dst).Elem())
	return r.finish()
}
