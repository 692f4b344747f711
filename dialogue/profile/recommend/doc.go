// Package recommend proposes products, plans and next questions to a customer.
//
// A [Catalogue], usually products.yaml, says what is sold: how things are called, what follows what (the next stage of milk powder, the
// next size of nappies), how long a thing lasts. [Rules], usually recommend.yaml, say what the rest of the program calls things. A [Model]
// counts, from the log, which products are asked for and bought by the same customers and which question follows which; where it has seen
// little it leans on what is popular, in proportion. [Recommender] puts both together with the customer's history in well under a
// millisecond.
//
// [Evaluate] tells on logs whether that is any better than proposing what is popular: hit rate among the first three, split by time, with
// an interval.
//
// Caveats: the model counts products of the catalogue and intents only, nothing that a customer wrote and nobody's id; counts of the last
// minute are lost when a process is killed.
package recommend
