// Package demodata writes a year of a shop's traffic that never happened, as events of the log, and beside it the truth that reports,
// experiments and mining are to find in it.
//
// The shop is open in Chinese and English, on five channels. Days differ (weekends, sales, holidays) and hours do; customers come back, most
// of all when their question was not answered; agents have shifts, and queues grow when more come than shifts can take. On a day of the year
// a new product is launched: customers ask what nobody taught the robot ([Planted]), and what they ask about shifts. Four experiments run:
// one of a wording and one of a bundle with known effects, one whose exposures get lost on one channel (a sample ratio that cannot be), and
// one with no difference at all.
//
// [New] makes a [Generator], Run streams the events, [Generator.Truth] tells afterwards what was planted and counts what was written. The
// same options give the same events, byte for byte. Memory holds one day, not the year.
//
// The wordings of the planted intents are in two pools. Until [Truth.MeasureFrom] customers use one, from then on the other: who trains on the
// first and measures on the second has not seen what is measured.
package demodata
