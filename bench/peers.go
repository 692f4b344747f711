package bench

import _ "embed"

// PeerServer is peers/server.py: a plain Python server on the same model.
//
//go:embed peers/server.py
var PeerServer []byte

// PeerPackages are the Python packages whose versions belong into a report; peers/requirements.txt pins them.
var PeerPackages = []string{"fastapi", "uvicorn", "uvloop", "httptools", "onnxruntime", "tokenizers", "numpy"}
