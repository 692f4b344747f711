package library

// pins are the versions that are fetched and the SHA-256 of the library inside each, per source: the same version is built
// separately for each of them, and the files differ.
//
// They were computed from the packages as their registries served them. The release archive could not be had where this was
// written, so it has no pin: what comes from it is trusted for HTTPS, gzip's checksum, a plausible size, and the version that
// the loaded library reports; its hash is recorded at first use and checked from then on.
type pins struct {
	version     string // of the release archive and of the wheel
	nodeVersion string // of the npm package, which is published less often
	goModule    string // the module version that carries the library for arm64
	releases    string // address of the release archives
	minBytes    int64  // a smaller library is not one
	platforms   map[string]platform
}

// platform has what the sources publish for one GOOS/GOARCH. An empty file name means that the source has none.
type platform struct {
	archive  string // name of the release archive without .tgz
	wheelTag string // platform tag of the wheel
	uvTag    string // what uv calls that platform
	wheel    artefact
	node     artefact
	module   artefact
}

// artefact is the library file inside a package.
type artefact struct {
	file    string // path inside the package
	sha256  string // of the file
	version string // of ONNX Runtime
	bytes   int64  // of the whole package, for the progress bar
}

// maxLibrary bounds what is unpacked; the largest known library (with all providers) has 45 MB.
const maxLibrary = 512 << 20

var pinned = pins{
	version:     "1.32.0",
	nodeVersion: "1.30.0",
	goModule:    "github.com/yalue/onnxruntime_go@v1.31.0",
	releases:    "https://github.com/microsoft/onnxruntime/releases/download",
	minBytes:    4 << 20,
	platforms: map[string]platform{
		"linux/amd64": {
			archive: "onnxruntime-linux-x64-1.32.0", wheelTag: "manylinux_2_28_x86_64", uvTag: "x86_64-manylinux_2_28",
			wheel: artefact{
				file: "onnxruntime/capi/libonnxruntime.so.1.32.0", version: "1.32.0", bytes: 27780211,
				sha256: "6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f",
			},
			node: artefact{
				file: "package/bin/napi-v6/linux/x64/libonnxruntime.so.1", version: "1.30.0", bytes: 113507888,
				sha256: "ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23",
			},
		},
		"linux/arm64": {
			archive: "onnxruntime-linux-aarch64-1.32.0", wheelTag: "manylinux_2_28_aarch64", uvTag: "aarch64-manylinux_2_28",
			wheel: artefact{
				file: "onnxruntime/capi/libonnxruntime.so.1.32.0", version: "1.32.0", bytes: 23196724,
				sha256: "49852228a93995158b2a813d4df487d47a1b76b0eaa894507ef49e91b6d7954a",
			},
			node: artefact{
				file: "package/bin/napi-v6/linux/arm64/libonnxruntime.so.1", version: "1.30.0", bytes: 113507888,
				sha256: "1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76",
			},
			module: artefact{
				file: "test_data/onnxruntime_arm64.so", version: "1.26.0",
				sha256: "115ecb838e703d390262b8b4d07d5248e6693c67658d4c98c48f94905ab27af4",
			},
		},
		"darwin/arm64": {
			archive: "onnxruntime-osx-arm64-1.32.0", wheelTag: "macosx_14_0_arm64", uvTag: "aarch64-apple-darwin",
			wheel: artefact{
				file: "onnxruntime/capi/libonnxruntime.1.32.0.dylib", version: "1.32.0", bytes: 22519308,
				sha256: "fa585fabbea65b823b9a8f7e27d46aee3989d1be7e36b528203d3a1fd613aae7",
			},
			node: artefact{
				file: "package/bin/napi-v6/darwin/arm64/libonnxruntime.1.30.0.dylib", version: "1.30.0", bytes: 113507888,
				sha256: "685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d",
			},
			module: artefact{
				file: "test_data/onnxruntime_arm64.dylib", version: "1.26.0",
				sha256: "30afadcfc3c704f7671f8430d6252956651c1972373901d2be629da2e6a4d8ee",
			},
		},
	},
}

// fileName is what the cache calls the library.
func fileName(goos string) string {
	if goos == "darwin" {
		return "libonnxruntime.dylib"
	}
	return "libonnxruntime.so"
}
