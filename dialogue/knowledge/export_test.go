package knowledge

// ReferenceSize is the number of sentences that spaces are fitted on.
func ReferenceSize() int { return len(reference()) }
