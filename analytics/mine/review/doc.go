// Package review keeps what people decide about groups of messages that were not understood, and the labels they give. Decisions are appended to
// files, one JSON object a line, and never changed: who, when, what. The files are the only truth of the analytics half that cannot be computed
// again, and lie apart from the warehouse:
//
//	DIR/reviews/<tenant>/run.json         what the last run of package mine found
//	DIR/reviews/<tenant>/runs.jsonl       sizes of groups, run by run
//	DIR/reviews/<tenant>/decisions.jsonl  about groups; an accepted one takes its texts along
//	DIR/reviews/<tenant>/labels.jsonl     about single texts
//
// [Store.Export] makes a corpus of what was accepted, each line with where it is from. Nothing gets there that nobody accepted.
package review
