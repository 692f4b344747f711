package lake

// ParseManifest is parseManifest.
var ParseManifest = parseManifest

// Encode writes a manifest.
func (m *Manifest) Encode() ([]byte, error) { return m.encode() }
