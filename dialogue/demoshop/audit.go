package demoshop

import "fmt"

// Audit looks through the books: no amount, stock or number of points is negative, and no order gave back more than was paid for it. The
// error says what does not add up.
func (s *Shop) Audit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, c := range s.state.Customers {
		if c.Balance < 0 || c.Points < 0 {
			return fmt.Errorf("customer %s has a balance of %d and %d points", id, c.Balance, c.Points)
		}
	}
	for id, n := range s.state.Stock {
		if n < 0 {
			return fmt.Errorf("product %s has a stock of %d", id, n)
		}
	}
	back := map[string]yuan{}
	for id, r := range s.state.Refunds {
		if r.Amount <= 0 {
			return fmt.Errorf("refund %s is of %d", id, r.Amount)
		}
		if r.Kind != "duplicate" { // that was not paid for the order
			back[r.Order] += r.Amount
		}
	}
	for id, o := range s.state.Orders {
		if o.Paid < 0 || o.Refunded < 0 || o.Refunded > o.Paid || back[id] != o.Refunded || o.Quantity < 1 {
			return fmt.Errorf("order %s: %d pieces, paid %d, refunded %d, refunds of %d", id, o.Quantity, o.Paid, o.Refunded, back[id])
		}
	}
	return nil
}
