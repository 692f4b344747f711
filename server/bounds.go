package server

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// What a field of a request may hold that says nothing else. A field says it with a tag: most:"64" are 64 bytes of a string, or of each string of a
// list or map; most:"-" leaves it to the handler, or to the size of the body. Nothing that comes in is without a bound: it goes into documents and
// events, and a bound that somebody forgot is found by nobody but an attacker.
const (
	mostBytes = 8 << 10
	mostItems = 256
)

// bounded reports what of a decoded request is longer than it may be.
func bounded(dst any) error {
	ck := &checker{}
	ck.bounds(reflect.ValueOf(dst), "", mostBytes)
	return joinFaults(ck.faults)
}

func (ck *checker) bounds(v reflect.Value, path string, most int) {
	if len(ck.faults) >= maxFaults {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			ck.bounds(v.Elem(), path, most)
		}
	case reflect.String:
		if n := v.Len(); n > most {
			ck.fault(CodeBadValue, path, "has %d bytes, at most %d are allowed", n, most)
		}
	case reflect.Slice:
		if n := v.Len(); n > mostItems && v.Type() != rawType {
			ck.fault(CodeBadValue, path, "has %d entries, at most %d are allowed", n, mostItems)
			return
		}
		for i := range v.Len() {
			ck.bounds(v.Index(i), fmt.Sprintf("%s[%d]", path, i), most)
		}
	case reflect.Map:
		ck.mapBounds(v, path, most)
	case reflect.Struct:
		ck.fieldBounds(v, path, most)
	}
}

func (ck *checker) mapBounds(v reflect.Value, path string, most int) {
	if n := v.Len(); n > mostItems {
		ck.fault(CodeBadValue, path, "has %d entries, at most %d are allowed", n, mostItems)
		return
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		name := k.String()
		at := path + "." + clip(name)
		if len(name) > maxIDBytes {
			ck.fault(CodeBadValue, at, "has a name of %d bytes, at most %d are allowed", len(name), maxIDBytes)
		}
		ck.bounds(v.MapIndex(k), at, most)
	}
}

func (ck *checker) fieldBounds(v reflect.Value, path string, most int) {
	fields := fieldsOf(v.Type())
	for _, name := range fields.names {
		own := most
		if tag := v.Type().FieldByIndex(fields.at[name]).Tag.Get("most"); tag == "-" {
			continue
		} else if tag != "" {
			own = mustNumber(tag)
		}
		at := name
		if path != "" {
			at = path + "." + name
		}
		ck.bounds(v.FieldByIndex(fields.at[name]), at, own)
	}
}

// mustNumber reads a tag, which is part of the program.
func mustNumber(tag string) int {
	n, err := strconv.Atoi(tag)
	if err != nil {
		panic("server: the tag most:" + strconv.Quote(tag) + " is no number")
	}
	return n
}
