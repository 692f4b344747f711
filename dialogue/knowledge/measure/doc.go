// Package measure tells how well a knowledge base finds answers, and fits its parameters: on public question pairs (bq_corpus, lcqmc, bustm)
// and on public questions with a set of answers and questions that have none (MASSIVE, banking77, HINT3).
//
// What is fitted sees development parts only; what is reported is measured on test parts only.
package measure
