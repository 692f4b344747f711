package profile

import (
	"context"

	"yingda/dialogue"
)

// Provider asks a system of the operator who a customer is. It is safe for concurrent use.
type Provider interface {
	// Fetch returns what the system knows. Errors: dialogue.ErrUnknown when it does not know the customer, the context's, its own.
	Fetch(ctx context.Context, tenant, customer string) (dialogue.Profile, error)
}

// ProviderFunc makes a function a Provider.
type ProviderFunc func(ctx context.Context, tenant, customer string) (dialogue.Profile, error)

// Fetch implements Provider.
func (f ProviderFunc) Fetch(ctx context.Context, tenant, customer string) (dialogue.Profile, error) {
	return f(ctx, tenant, customer)
}

// maxHistory bounds the history that a profile carries, newest kept.
const maxHistory = 50

// tidy bounds what a system may tell: it is kept in memory and handed to every turn.
func tidy(p dialogue.Profile) dialogue.Profile {
	if n := len(p.History); n > maxHistory {
		p.History = p.History[n-maxHistory:]
	}
	return p
}
