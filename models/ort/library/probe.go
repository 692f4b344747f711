package library

/*
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// The head of OrtApiBase, which is stable over all versions of ONNX Runtime.
typedef struct {
	const void *(*get_api)(uint32_t version);
	const char *(*get_version)(void);
} yingda_api_base;

// Writes the library's version, or a message, to text. Returns 0, 1 (it cannot be loaded) or 2 (it is too old).
static int yingda_probe(const char *path, uint32_t api, char *text, size_t size) {
	void *lib = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (lib == NULL) {
		snprintf(text, size, "%s", dlerror());
		return 1;
	}
	const yingda_api_base *(*base)(void) = (const yingda_api_base *(*)(void))dlsym(lib, "OrtGetApiBase");
	int result = 0;
	if (base == NULL) {
		snprintf(text, size, "it has no OrtGetApiBase: it is not ONNX Runtime");
		result = 1;
	} else {
		snprintf(text, size, "%s", base()->get_version());
		// An old library complains on standard error when it is asked for a newer API: the version tells without asking.
		int major = 0, minor = 0;
		if (sscanf(text, "%d.%d", &major, &minor) == 2 && major == 1 && (uint32_t)minor < api) {
			result = 2;
		} else if (base()->get_api(api) == NULL) {
			result = 2;
		}
	}
	dlclose(lib);
	return result;
}
*/
import "C"

import (
	"errors"
	"path/filepath"
	"unsafe"
)

// probe loads the library for a moment to ask its version.
func probe(path string) (string, error) {
	path, err := filepath.Abs(path) // a name without a slash would be searched for
	if err != nil {
		return "", err
	}
	var text [1024]C.char
	cPath := C.CString(path)
	defer C.free(unsafe.Pointer(cPath))
	status := C.yingda_probe(cPath, apiVersion, &text[0], C.size_t(len(text)))
	s := C.GoString(&text[0])
	switch status {
	case 0:
		return s, nil
	case 2:
		return "", tooOld(s)
	default:
		return "", errors.New("cannot be loaded: " + s)
	}
}
