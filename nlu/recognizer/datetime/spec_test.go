package datetime_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"yingda/nlu"
	"yingda/nlu/recognizer/datetime"
	"yingda/nlu/recognizer/specs"
)

// The public specifications are not part of the module; without them the tests that read them are skipped.
const specsDir = "../../../../shared/datasets/recognizers_text"

var show = flag.String("spec", "", "print the failing cases of the specifications whose name contains this, e.g. English/DatePeriod")
var only = flag.String("lang", "", "run the specifications of this language only")

// view is what a specification asks for.
type view struct {
	categories []string
	modes      datetime.Mode
	kind       string // bare, merged, parsed or all
}

var views = map[string]view{
	"DateExtractor":                 {[]string{"date"}, 0, "bare"},
	"DateParser":                    {[]string{"date"}, 0, "parsed"},
	"DatePeriodExtractor":           {[]string{"daterange"}, 0, "bare"},
	"DatePeriodParser":              {[]string{"daterange"}, 0, "parsed"},
	"DateTimeExtractor":             {[]string{"datetime"}, 0, "bare"},
	"DateTimeParser":                {[]string{"datetime"}, 0, "parsed"},
	"DateTimePeriodExtractor":       {[]string{"datetimerange"}, 0, "bare"},
	"DateTimePeriodParser":          {[]string{"datetimerange"}, 0, "parsed"},
	"DurationExtractor":             {[]string{"duration"}, 0, "bare"},
	"DurationParser":                {[]string{"duration"}, 0, "parsed"},
	"HolidayExtractor":              {[]string{"holiday"}, 0, "bare"},
	"HolidayParser":                 {[]string{"holiday"}, 0, "parsed"},
	"SetExtractor":                  {[]string{"set"}, 0, "bare"},
	"SetParser":                     {[]string{"set"}, 0, "parsed"},
	"TimeExtractor":                 {[]string{"time"}, 0, "bare"},
	"TimeParser":                    {[]string{"time"}, 0, "parsed"},
	"TimePeriodExtractor":           {[]string{"timerange"}, 0, "bare"},
	"TimePeriodParser":              {[]string{"timerange"}, 0, "parsed"},
	"TimeZoneExtractor":             {[]string{"timezone"}, 0, "bare"},
	"TimeZoneParser":                {[]string{"timezone"}, 0, "parsed"},
	"MergedExtractor":               {nil, 0, "merged"},
	"MergedExtractorSkipFromTo":     {nil, datetime.SkipFromTo, "merged"},
	"MergedParser":                  {nil, 0, "all"},
	"DateTimeModel":                 {nil, 0, "all"},
	"DateTimeModelCalendarMode":     {nil, datetime.Calendar, "all"},
	"DateTimeModelExtendedTypes":    {nil, datetime.Extended, "all"},
	"DateTimeModelComplexCalendar":  {nil, datetime.Calendar | datetime.Extended | datetime.Zones, "all"},
	"DateTimeModelExperimentalMode": {nil, datetime.Experimental, "all"},
	"DateTimeModelSplitDateAndTime": {nil, datetime.Split, "all"},
	"DateTimeModelTasksMode":        {nil, datetime.Tasks, "all"},
}

func finder(t testing.TB, lang nlu.Lang, v view) *datetime.Finder {
	t.Helper()
	f, err := datetime.New(datetime.Options{Lang: lang, View: v.categories, Modes: v.modes})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func models(t testing.TB, lang nlu.Lang) map[string]specs.Model {
	days := finder(t, lang, view{categories: []string{"date", "holiday"}, modes: datetime.Tasks})
	clocks := finder(t, lang, view{categories: []string{"time", "timerange"}, modes: datetime.Zones})
	zones := finder(t, lang, view{categories: []string{"timezone"}})
	all := map[string]specs.Model{}
	for name, v := range views {
		switch f := finder(t, lang, v); v.kind {
		case "bare":
			all[name] = specs.Bare(specs.Parsed(f))
		case "merged":
			all[name] = specs.Extracted(f)
		case "parsed":
			all[name] = specs.Parsed(f)
		default:
			all[name] = specs.DateTimes(f, specs.DateTimeAids{Days: days, Clocks: clocks, Zones: zones, Tasks: v.modes&datetime.Tasks != 0})
		}
	}
	return all
}

func TestSpecs(t *testing.T) {
	if _, err := os.Stat(specsDir); err != nil {
		t.Skipf("SKIPPED, the public specifications are not there: %v", err)
	}
	cases, err := specs.Read(specsDir)
	if err != nil {
		t.Fatal(err)
	}
	aside, err := specs.DefaultAside()
	if err != nil {
		t.Fatal(err)
	}
	floors := readFloors(t)
	for _, lang := range []nlu.Lang{nlu.English, nlu.Chinese} {
		if *only != "" && *only != string(lang) {
			continue
		}
		ms := models(t, lang)
		var mine []specs.Case
		for _, c := range cases {
			if c.Suite == "DateTime" && c.Lang() == lang && c.Model != "TimexResolver" {
				mine = append(mine, c)
			}
		}
		r := specs.Run(mine, ms, aside)
		for _, l := range r.Lines {
			t.Logf("%-50s %5.1f %% %4d failed of %d", l.Name, l.Rate, l.Failed, l.Cases()-l.Aside)
			if l.Model != "" && l.Rate < floors[l.Name.String()] {
				t.Errorf("%s: %.1f %% pass, want at least %g %%", l.Name, l.Rate, floors[l.Name.String()])
			}
		}
		logFailures(t, r)
	}
}

func logFailures(t *testing.T, r *specs.Report) {
	for _, o := range r.Outcomes {
		if *show == "" || o.Passed() || !strings.Contains(o.Case.Name.String(), *show) {
			continue
		}
		t.Logf("%s %s", o.Case.Key(), o.Case.Reference.Format("2006-01-02T15:04"))
		for _, f := range o.Faults {
			t.Logf("      %v", f)
		}
	}
}

// readFloors reads the share of each file's cases that must pass, in percent.
func readFloors(t *testing.T) map[string]float64 {
	data, err := os.ReadFile("testdata/floors.txt")
	if err != nil {
		t.Fatal(err)
	}
	floors := map[string]float64{}
	for line := range strings.Lines(string(data)) {
		var name string
		var floor float64
		if _, err := fmt.Sscan(line, &name, &floor); err == nil {
			floors[name] = floor
		}
	}
	return floors
}
