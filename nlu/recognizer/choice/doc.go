// Package choice finds the answer to a question that is answered by yes or no, in Chinese and English: 好的, "sure", 👌, 不行, "not ok".
//
// A message has one answer at most. Of several the one that makes up most of the message wins, the first among equals; see
// data/answers.yaml for what counts as an answer and what only when there is none. A word before a question mark is no answer.
//
// The score is the share of the message that is the answer: with n of m words, 1 if that is all of it, else 0.4 + 0.6 · n/m. Words are those of
// letters; a run of Chinese characters counts as one, a picture as one and its tone of skin as another. Figures count in English only, where they
// are words of the sentence; in Chinese they part it.
package choice
