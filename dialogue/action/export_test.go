package action

// ParseAnswer lets the fuzz target read answers without a server.
var ParseAnswer = parseAnswer
