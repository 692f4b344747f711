package models

// ClauseSpec decides when a clause's own intent is reported beside the message's best one. The evidence is a logistic model:
//
//	p = 1 / (1 + exp(−(Bias + Score·logit(c) + Whole·log(w) + Lead·log(c/t) + Connective·k + Apart·a + Several·logit(s))))
//
// c is the probability of the intent in the clause where it is likeliest, t that of the message's best intent there, w its probability in
// the whole message; k is 1 when a connective such as 另外 or "also" opens that clause or the one where the message's best intent is
// likeliest, a is 1 when these are two clauses, and s is what the head [HeadSeveral] says, if the bundle has it: the probability that the message has several wishes at
// all. Its logit is cut off at ±[AgainLimit].
type ClauseSpec struct {
	MinTokens  int     `json:"min_tokens"` // shorter clauses are joined to their neighbour
	Bias       float64 `json:"bias"`
	Score      float64 `json:"score"`
	Whole      float64 `json:"whole"`
	Lead       float64 `json:"lead"`
	Connective float64 `json:"connective"`
	Apart      float64 `json:"apart,omitempty"`
	Several    float64 `json:"several,omitempty"`
	MinScore   float64 `json:"min_score"` // lowest p that counts; 0 = never report more than one intent
	// Again weighs the candidates anew after their clauses were read by themselves; nil = p decides.
	Again *AgainSpec `json:"again,omitempty"`
}

// AgainSpec decides about the candidates that the evidence of [ClauseSpec] leaves in doubt: below From they are none, from To on they are wishes, and
// in between their clauses and that of the message's best intent are read once more, each as a message of its own. In the whole message a strong wish colours the states of all tokens; by themselves the clauses
// show what they say. The evidence is the logistic model of ClauseSpec with weights of its own and four more features:
//
//	… + Alone·logit(a) + Home·logit(b) + First·f + Stays·s
//
// a is the probability of the intent in its clause by itself, b that of the message's best intent in the clause where it is likeliest, by itself; f and s are
// 1 when these are the best intents there. Logits are cut off at ±[AgainLimit].
type AgainSpec struct {
	From       float64 `json:"from"`
	To         float64 `json:"to"`
	Bias       float64 `json:"bias"`
	Score      float64 `json:"score"`
	Whole      float64 `json:"whole"`
	Lead       float64 `json:"lead"`
	Connective float64 `json:"connective"`
	Apart      float64 `json:"apart"`
	Several    float64 `json:"several,omitempty"`
	Alone      float64 `json:"alone"`
	Home       float64 `json:"home"`
	First      float64 `json:"first"`
	Stays      float64 `json:"stays"`
	MinScore   float64 `json:"min_score"`
}

// AgainLimit bounds the logits of probabilities of clauses by themselves: 1 in 10,000.
const AgainLimit = 9.21

func (s ClauseSpec) valid() bool {
	if a := s.Again; a != nil && (!probability(a.From) || !probability(a.To) || a.To < a.From || !probability(a.MinScore) ||
		!finite(a.Bias, a.Score, a.Whole, a.Lead, a.Connective, a.Apart, a.Several, a.Alone, a.Home, a.First, a.Stays)) {
		return false
	}
	return probability(s.MinScore) && finite(s.Bias, s.Score, s.Whole, s.Lead, s.Connective, s.Apart, s.Several)
}
