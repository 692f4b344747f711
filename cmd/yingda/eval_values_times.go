package main

import (
	"yingda/nlu"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/specs"
)

// timeSpec says what a specification of time expressions asks for: one category, or all if that is empty, and in what shape.
type timeSpec struct {
	category string
	shape    timeShape
	modes    datetime.Mode
}

// timeShape is the shape of the results.
type timeShape int

const (
	allReadings timeShape = iota
	bareFinds             // extractors
	mergedFinds           // the extractor of all constituents
	pastFuture            // parsers
)

// constituents are the parts of time expressions that have an extractor and a parser each: "DateExtractor", "DateParser".
var constituents = map[string]string{
	"Date": "date", "DatePeriod": "daterange", "Time": "time", "TimePeriod": "timerange", "DateTime": "datetime", "DateTimePeriod": "datetimerange",
	"Duration": "duration", "Set": "set", "Holiday": "holiday", "TimeZone": "timezone",
}

// timeSpecs are the models by name.
func timeSpecs() map[string]timeSpec {
	all := map[string]timeSpec{
		"MergedExtractor":               {"", mergedFinds, 0},
		"MergedExtractorSkipFromTo":     {"", mergedFinds, datetime.SkipFromTo},
		"MergedParser":                  {"", allReadings, 0},
		"DateTimeModel":                 {"", allReadings, 0},
		"DateTimeModelCalendarMode":     {"", allReadings, datetime.Calendar},
		"DateTimeModelComplexCalendar":  {"", allReadings, datetime.Calendar | datetime.Extended | datetime.Zones},
		"DateTimeModelExperimentalMode": {"", allReadings, datetime.Experimental},
		"DateTimeModelExtendedTypes":    {"", allReadings, datetime.Extended},
		"DateTimeModelSplitDateAndTime": {"", allReadings, datetime.Split},
		"DateTimeModelTasksMode":        {"", allReadings, datetime.Tasks},
	}
	for name, category := range constituents {
		all[name+"Extractor"] = timeSpec{category, bareFinds, 0}
		all[name+"Parser"] = timeSpec{category, pastFuture, 0}
	}
	return all
}

// addTimes adds the models of the DateTime domain.
func (t specTable) addTimes(lang nlu.Lang) error {
	finder := func(modes datetime.Mode, view ...string) (*datetime.Finder, error) {
		return datetime.New(datetime.Options{Lang: lang, View: view, Modes: modes})
	}
	days, err := finder(datetime.Tasks, "date", "holiday")
	if err != nil {
		return err
	}
	clocks, err := finder(datetime.Zones, "time", "timerange")
	if err != nil {
		return err
	}
	zones, err := finder(0, "timezone")
	if err != nil {
		return err
	}
	for name, s := range timeSpecs() {
		var view []string
		if s.category != "" {
			view = []string{s.category}
		}
		f, err := finder(s.modes, view...)
		if err != nil {
			return err
		}
		switch s.shape {
		case bareFinds:
			t.add(name, lang, specs.Bare(specs.Parsed(f)))
		case mergedFinds:
			t.add(name, lang, specs.Extracted(f))
		case pastFuture:
			t.add(name, lang, specs.Parsed(f))
		default:
			aids := specs.DateTimeAids{Days: days, Clocks: clocks, Zones: zones, Tasks: s.modes&datetime.Tasks != 0}
			t.add(name, lang, specs.DateTimes(f, aids))
		}
	}
	return nil
}
