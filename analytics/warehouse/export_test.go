package warehouse

import "errors"

// Invalidate makes w believe that its database stopped.
func (w *Warehouse) Invalidate() {
	w.noteFatal(errors.New("INTERNAL Error: Failed: database has been invalidated because of a previous fatal error"))
}
