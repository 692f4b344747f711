package warehouse

import (
	"time"

	"yingda/analytics"
)

// parseColumns are those of parses, in the order of schema.sql.
var parseColumns = []column[analytics.Parse]{
	{text: func(p *analytics.Parse) string { return p.Tenant }},
	{text: func(p *analytics.Parse) string { return p.Conversation }},
	{long: func(p *analytics.Parse) int64 { return p.Seq }},
	{text: func(p *analytics.Parse) string { return p.ID }},
	{time: func(p *analytics.Parse) time.Time { return p.Time }},
	{day: func(p *analytics.Parse) time.Time { return p.Time }},
	{text: func(p *analytics.Parse) string { return p.Customer }},
	{text: func(p *analytics.Parse) string { return p.Channel }},
	{text: func(p *analytics.Parse) string { return p.Lang }},
	{text: func(p *analytics.Parse) string { return p.Text }},
	{flag: func(p *analytics.Parse) bool { return p.Understood }},
	{texts: func(p *analytics.Parse) []string { return p.Intents }},
	{text: func(p *analytics.Parse) string { return p.Top1 }},
	{double: func(p *analytics.Parse) *float64 { return p.P1 }},
	{text: func(p *analytics.Parse) string { return p.Top2 }},
	{double: func(p *analytics.Parse) *float64 { return p.P2 }},
	{double: func(p *analytics.Parse) *float64 { return p.OOS }},
	{text: func(p *analytics.Parse) string { return p.Emotion }},
	{double: func(p *analytics.Parse) *float64 { return p.Intensity }},
	{texts: func(p *analytics.Parse) []string { return p.Entities }},
	{text: func(p *analytics.Parse) string { return p.Bundle }},
	{double: func(p *analytics.Parse) *float64 { return p.Total }},
	{double: func(p *analytics.Parse) *float64 { return p.Share }},
}
