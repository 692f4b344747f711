package demodata

// kind is how a conversation about a topic goes.
type kind int

const (
	info      kind = iota // asked, looked up, answered
	task                  // slots, read back, done
	trouble               // steps, checked back
	complaint             // feelings first, often a person
	person                // wants a person
	unknown               // nobody taught the robot
	chatter               // says something, wants nothing
)

// topic is something that customers come with.
type topic struct {
	intent string
	weight float64 // of sessions, relative
	kind   kind
	call   string  // to the operator's systems; empty = none
	slot   string  // that is asked for; empty = none
	queue  string  // of a handover; empty = general
	sale   float64 // how many times as often in a sale; 0 = as always
}

// topics are the known ones, with the calls of the default service pack.
var topics = []topic{
	{"delivery.track", 9, info, "parcel.track", "order_id", "", 1.2},
	{"order.status", 7, info, "order.get", "order_id", "", 1.3},
	{"refund.status", 3, info, "refund.get", "order_id", "", 0},
	{"product.info", 6, info, "product.get", "", "", 0},
	{"product.price", 4, info, "product.get", "", "", 1.5},
	{"product.availability", 4, info, "product.get", "", "", 1.3},
	{"product.recommend", 2.5, info, "product.search", "", "", 1.2},
	{"product.compare", 1.5, info, "product.compare", "", "", 0},
	{"promotion.info", 3, info, "promotion.list", "", "", 3},
	{"shipping.fee_and_time", 2, info, "shipping.quote", "", "", 0},
	{"return.policy", 2.5, info, "", "", "", 0},
	{"warranty.policy", 1.5, info, "", "", "", 0},
	{"payment.methods", 1, info, "", "", "", 1.3},
	{"membership.benefits", 1, info, "membership.get", "", "", 0},
	{"points.balance", 1.2, info, "points.get", "", "", 0},
	{"account.balance", 1, info, "account.balance", "", "", 0},
	{"bill.explain", 0.8, info, "bill.get", "", "", 0},
	{"store.hours_and_location", 1.2, info, "store.find", "", "", 0},
	{"contact.channels", 0.5, info, "", "", "", 0},
	{"privacy.policy", 0.3, info, "", "", "", 0},
	{"order.place", 1.5, task, "order.place", "product", "", 0},
	{"order.cancel", 4, task, "order.cancel", "order_id", "", 1.4},
	{"order.change_address", 2.5, task, "order.change_address", "address", "", 1.6},
	{"order.change_items", 1.5, task, "order.change_items", "order_id", "", 1.4},
	{"order.urge_shipment", 4, task, "order.urge", "order_id", "", 2.5},
	{"delivery.urge", 3, task, "parcel.urge", "order_id", "", 2},
	{"return.request", 5, task, "return.create", "order_id", "", 0},
	{"exchange.request", 2.5, task, "exchange.create", "order_id", "", 0},
	{"refund.request", 3.5, task, "refund.create", "order_id", "", 0},
	{"price_protection.request", 1.5, task, "price_protection.create", "order_id", "", 3},
	{"invoice.request", 2.5, task, "invoice.create", "organization", "", 0},
	{"invoice.change", 0.6, task, "invoice.change", "organization", "", 0},
	{"account.register", 0.4, task, "account.create", "phone_number", "", 0},
	{"account.close", 0.4, task, "account.close", "", "", 0},
	{"account.change_phone", 0.7, task, "account.change_phone", "phone_number", "", 0},
	{"account.update_profile", 0.4, task, "account.update", "", "", 0},
	{"membership.join", 0.7, task, "membership.join", "", "", 0},
	{"membership.cancel", 0.8, task, "membership.cancel", "", "", 0},
	{"points.redeem", 0.7, task, "points.redeem", "", "", 0},
	{"coupon.claim", 1, task, "coupon.claim", "", "", 3},
	{"appointment.book", 0.8, task, "appointment.create", "datetime", "", 0},
	{"appointment.change", 0.4, task, "appointment.change", "datetime", "", 0},
	{"appointment.cancel", 0.3, task, "appointment.cancel", "", "", 0},
	{"plan.change", 0.4, task, "plan.change", "plan", "", 0},
	{"topup.request", 0.5, task, "topup.create", "money", "", 0},
	{"login.problem", 1.5, trouble, "", "", "tech", 0},
	{"password.reset", 1, trouble, "password.reset", "", "tech", 0},
	{"verification_code.problem", 1, trouble, "code.send", "", "tech", 0},
	{"payment.failure", 1.6, trouble, "payment.check", "", "", 1.6},
	{"payment.duplicate_charge", 0.8, trouble, "payment.check", "", "", 1.5},
	{"refund.not_received", 2, trouble, "refund.get", "order_id", "", 0},
	{"delivery.lost", 1.2, trouble, "ticket.create", "order_id", "", 1.3},
	{"delivery.signed_not_received", 1, trouble, "ticket.create", "order_id", "", 1.3},
	{"product.damaged", 2.5, trouble, "ticket.create", "order_id", "", 0},
	{"product.malfunction", 3, trouble, "device.guide", "", "tech", 0},
	{"product.wrong_or_missing", 2, trouble, "ticket.create", "order_id", "", 1.4},
	{"app.crash_or_slow", 1, trouble, "", "", "tech", 1.8},
	{"network.problem", 0.6, trouble, "device.guide", "", "tech", 0},
	{"device.setup_help", 1.5, trouble, "device.guide", "", "tech", 0},
	{"coupon.not_working", 1.2, trouble, "coupon.check", "", "", 3},
	{"complaint.service", 1, complaint, "ticket.create", "", "complaint", 0},
	{"complaint.product_quality", 1.2, complaint, "ticket.create", "", "complaint", 0},
	{"complaint.delivery", 0.9, complaint, "ticket.create", "", "complaint", 1.5},
	{"complaint.price", 0.5, complaint, "ticket.create", "", "complaint", 2},
	{"compensation.request", 0.7, complaint, "ticket.create", "", "complaint", 0},
	{"suggestion.give", 0.4, info, "ticket.create", "", "", 0},
	{"praise.give", 0.4, info, "", "", "", 0},
	{"chat.human_agent", 3, person, "", "", "", 0},
	{"chat.bot_identity", 0.3, info, "", "", "", 0},
}

// launched is how many times as often a known topic comes up once the new product is out, at the height of the novelty.
var launched = map[string]float64{
	"product.info": 2.4, "product.availability": 2.6, "product.price": 1.6, "device.setup_help": 3, "product.compare": 1.8, "shipping.fee_and_time": 1.3,
	"product.malfunction": 1.3, "order.status": 1.1,
}

// handed is how likely a session of a kind ends up with a person, before what is known of the customer.
var handed = map[kind]float64{info: 0.09, task: 0.13, trouble: 0.28, complaint: 0.55, person: 0.90, unknown: 0.52, chatter: 0.08}

// missed is how likely a first wording of a kind is not understood.
var missed = map[kind]float64{info: 0.045, task: 0.04, trouble: 0.06, complaint: 0.07, person: 0.02, unknown: 0.86, chatter: 0.80}

// solved is how likely the robot alone answers the question of a session. It is 0.85 where a person took it.
var solved = map[kind]float64{info: 0.86, task: 0.88, trouble: 0.68, complaint: 0.55, person: 0.35, unknown: 0.12, chatter: 0.75}

const solvedByPerson = 0.85
