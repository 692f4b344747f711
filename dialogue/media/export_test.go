package media

// ReadTitle lets the fuzz target read pages without a server.
var ReadTitle = readTitle
