// Package value holds what the recognisers of values return: numbers, money, quantities, dates and times, addresses of the net,
// telephone numbers, yes and no. It has no knowledge of any language.
package value

import (
	"math/big"
	"time"

	"yingda/nlu"
)

// Kind is what a find is, by the names of the label space where it has one.
type Kind string

// The kinds.
const (
	KindNumber      Kind = "number"       // Value is a [Number]
	KindOrdinal     Kind = "ordinal"      // Value is an [Ordinal]
	KindPercentage  Kind = "percentage"   // Value is a [Number] in percent: 50 for 50 %
	KindNumberRange Kind = "number_range" // Value is a [Range]
	KindMoney       Kind = "money"        // Value is a [Money]
	KindQuantity    Kind = "quantity"     // Value is a [Quantity]; ages, temperatures and dimensions are quantities with that Dimension
	KindDateTime    Kind = "datetime"     // Value is a [DateTime]
	KindPhone       Kind = "phone_number" // Value is a string: the surface without what separates its digits
	KindEmail       Kind = "email"        // Value is a string
	KindURL         Kind = "url"          // Value is a string
	KindIP          Kind = "ip"           // Value is an [IP]
	KindGUID        Kind = "guid"         // Value is a string
	KindHashtag     Kind = "hashtag"      // Value is a string
	KindMention     Kind = "mention"      // Value is a string
	KindQuoted      Kind = "quoted_text"  // Value is a string
	KindBoolean     Kind = "boolean"      // Value is a [Boolean]
)

// Find is a value in a text.
type Find struct {
	Start, End int // half-open, bytes of the folded text
	Kind       Kind
	Value      any    // see the kinds
	Rule       string // the grammar rule or scanner that found it, e.g. "date.zh:month-day"
	Score      float64
}

// Context is what a reading may depend on besides the text.
type Context struct {
	Lang      nlu.Lang  // whose conventions hold: Chinese or English
	Reference time.Time // "now" for relative times, in the customer's zone
	DayFirst  bool      // 10/12 is the tenth of December; false = October the twelfth
}

// Finder finds values in folded text (see nlu/norm: half-width, lower case, simplified, single spaces). It appends to dst, in any order,
// finds that may overlap those of other finders but not each other. It must be safe for concurrent use, never panic, and take time
// linear in the text.
type Finder interface {
	FindValues(dst []Find, text string, c Context) []Find
}

// Number is an exact number; fractions keep their exact value. The Rat may be shared: compute a new one instead of changing it.
type Number struct {
	*big.Rat
	Form Form // how it was written
}

// Form is how a number was written.
type Form string

// The forms.
const (
	Integer  Form = "integer"
	Decimal  Form = "decimal"
	Fraction Form = "fraction"
	Power    Form = "power" // 1e5, 10^5
)

// Ordinal is a rank: Offset from the start (first = 1), or from the end or the current one where RelativeTo says so (last = end 0, next = current +1).
type Ordinal struct {
	Offset     *big.Int
	RelativeTo string // "start", "end" or "current"
}

// Range is a range of numbers; a nil end is open. Bounds belong to it where Closed says so.
type Range struct {
	Low, High             *Number
	LowClosed, HighClosed bool
}

// Money is an amount and its currency.
type Money struct {
	Amount   Number
	Currency string // ISO 4217, e.g. "CNY"; empty where the word names no single country's currency (dollar, 块 in a foreign context)
	Unit     string // English name of the unit as written, e.g. "United States dollar", "Dollar", "Cent"
}

// Quantity is a number with a unit.
type Quantity struct {
	Number    Number
	Unit      string // English name, e.g. "Kilogram", "Jin", "Year", "C"; for counted things the measure word
	Word      string // the unit as written: "斤", "kg"; may be empty
	Dimension string // "length", "weight", "volume", "area", "speed", "information", "angle", "age", "temperature", "count" …
}

// IP is an address of the Internet protocol.
type IP struct {
	Address string // as written, without leading zeros
	Version string // "ipv4" or "ipv6"
}

// Boolean is an answer to a yes-or-no question.
type Boolean struct {
	Yes   bool
	Score float64 // 0–1: the share of the message that is the answer
}
