// Package demoshop is a small shop: a server of its own that answers every call the default service pack makes, with orders, parcels,
// refunds, invoices, products, accounts and the rest, so that the robot can be tried and tested against a real system.
//
// [New] returns a [Shop], an http.Handler; 'yingda demo-shop' serves it. It behaves as an operator's system should: it checks signatures,
// gives one answer to one idempotency key however often it is asked, says no with a reason, keeps what customers own apart, and signs its
// answers. Its state lives in memory, or in one JSON file that is replaced as a whole. Dates are counted from the clock at the start, so
// parcels are always on their way; they move on by themselves while the shop runs.
//
// Besides POST /v1/call there are GET /profile for the profile provider, and on loopback POST /admin/fault, which makes the shop slow,
// silent or a liar, and POST /admin/exception, which lets something happen to an order and tells the robot.
//
// Caveats: all is held in memory; a call copies the tables it may change. It is for demonstration and tests, not for money.
package demoshop
