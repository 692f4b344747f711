package deliver

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"yingda/analytics"
)

// Record is a finished session as other systems see it.
type Record struct {
	ID           string    `json:"id"`       // stable
	Revision     string    `json:"revision"` // of the content; changes when something came late
	Tenant       string    `json:"tenant"`
	Conversation string    `json:"conversation"`
	Session      int       `json:"session"`  // 1, 2 … within the conversation
	Customer     string    `json:"customer"` // pseudonym; whose it is, is known to who has the conversation
	Channel      string    `json:"channel"`
	Lang         string    `json:"lang"`
	Tier         string    `json:"tier"`
	Started      time.Time `json:"started"`
	Ended        time.Time `json:"ended"`

	Summary  analytics.Text `json:"summary"`  // a sentence
	Outcome  Outcome        `json:"outcome"`  //
	Intents  []string       `json:"intents"`  // in order, each once
	Entities []string       `json:"entities"` // types that were named
	Emotions []string       `json:"emotions"` // course: how the customer felt, changes only
	Angry    bool           `json:"angry"`
	Demand   []string       `json:"demand"` // tags: unmet, complaint, purchase, churn_risk, product:…
	Texts    []string       `json:"texts,omitempty"`

	Turns         int `json:"turns"`
	Fallbacks     int `json:"fallbacks"`
	AgentMessages int `json:"agent_messages"`

	Satisfaction *Satisfaction     `json:"satisfaction,omitempty"`
	Handover     *Handover         `json:"handover,omitempty"`
	Links        map[string]string `json:"links,omitempty"`
}

// Outcome is how a session ended.
type Outcome string

// The outcomes.
const (
	Resolved   Outcome = "resolved"   // the customer said so
	Unresolved Outcome = "unresolved" // the customer said so
	ByPerson   Outcome = "handed"     // a person took it
	Waiting    Outcome = "not_served" // handed over, but nobody took it
	Abandoned  Outcome = "abandoned"  // the customer left with a question of the robot open
	Contained  Outcome = "contained"  // the robot alone; whether it helped was not said
)

// Satisfaction is what the customer said.
type Satisfaction struct {
	Score      *int  `json:"score,omitempty"` // 1–5
	Resolved   *bool `json:"resolved,omitempty"`
	NPS        *int  `json:"nps,omitempty"` // 0–10, how likely they are to recommend the shop
	ThumbsUp   int   `json:"thumbs_up"`
	ThumbsDown int   `json:"thumbs_down"`
}

// Handover is how a person came in.
type Handover struct {
	Reason    string     `json:"reason"`
	Queue     string     `json:"queue"`
	LastQueue string     `json:"last_queue"`
	Agent     string     `json:"agent,omitempty"`
	Asked     *time.Time `json:"asked,omitempty"`
	Claimed   *time.Time `json:"claimed,omitempty"`
	Wait      *float64   `json:"wait_seconds,omitempty"`
}

// Querier asks the warehouse: *warehouse.Warehouse.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// recordID names a session for ever.
func recordID(tenant, conversation string, session int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", tenant, conversation, session))
	return "cs_" + hex.EncodeToString(h[:12])
}

// key is the idempotency key: what is sent twice has it twice.
func (r *Record) key() string { return r.ID + "-" + r.Revision }

// sessionsQuery reads sessions, with the last answer to how likely the customer is to recommend the shop: one belongs to the last session of its
// conversation that had begun.
const sessionsQuery = `WITH v AS (
  SELECT v.tenant, v.conversation, v.seq, v.nps, max(CASE WHEN s.started <= v.ts THEN s.session END) AS session
  FROM surveys v JOIN sessions s ON s.tenant = v.tenant AND s.conversation = v.conversation WHERE v.ts >= ? AND s.dt >= ?::DATE GROUP BY ALL
), n AS (
  SELECT tenant, conversation, session, arg_max(nps, seq) AS nps FROM v GROUP BY ALL
)
SELECT s.tenant, s.conversation, s.session, s.customer, s.channel, s.lang, s.tier, s.started, s.ended, s.turns, s.fallbacks, s.agent_messages,
  array_to_string(s.intents, chr(31)), s.angry, s.handed, s.handoff, s.queue, s.last_queue, s.agent, s.handed_at, s.claimed_at, s.asked_last, s.score, s.resolved, n.nps,
  s.thumbs_up, s.thumbs_down
FROM sessions s LEFT JOIN n ON n.tenant = s.tenant AND n.conversation = s.conversation AND n.session = s.session
WHERE s.over AND s.%s >= ? AND s.%[1]s < ? AND (? = '' OR s.tenant = ?) ORDER BY s.ended, s.tenant, s.conversation, s.session`

// longest is how long a session may have been going on when it ended, for its answers to be found.
const longest = 7 * 24 * time.Hour

const turnsQuery = `SELECT tenant, conversation, ts, emotion, array_to_string(entities, chr(31)), text FROM turns WHERE ts >= ? AND ts <= ? AND (? = '' OR tenant = ?) ORDER BY tenant, conversation, ts, seq`

// span is a part of the time, by when sessions ended or started.
type span struct {
	by       string // ended, started
	from, to time.Time
	tenant   string // "" = all
}

// chunk is how many sessions are completed with one question for their turns.
const chunk = 500

// query is what is asked of the warehouse.
type query struct {
	span
	links map[string]string
	texts bool
	want  func(r *Record) bool // by its id and revision
}

// each calls fn with the wanted records of a span, by when they ended, some hundred at a time.
func (q query) each(ctx context.Context, from Querier, fn func([]Record) error) error {
	wanted, err := q.sessions(ctx, from)
	if err != nil {
		return fmt.Errorf("read finished sessions: %w", err)
	}
	for part := range slices.Chunk(wanted, chunk) {
		if err := addTurns(ctx, from, part, q.tenant, q.texts); err != nil {
			return fmt.Errorf("read the turns of finished sessions: %w", err)
		}
		for i := range part {
			part[i].complete(q.links)
		}
		if err := fn(part); err != nil {
			return err
		}
	}
	return nil
}

// sessions reads what the sessions themselves know.
func (q query) sessions(ctx context.Context, from Querier) ([]Record, error) {
	rows, err := from.Query(ctx, fmt.Sprintf(sessionsQuery, q.by), q.from.UTC().Add(-longest), q.from.UTC().Add(-longest), q.from.UTC(), q.to.UTC(), q.tenant, q.tenant)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Record
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		if q.want == nil || q.want(&r) {
			out = append(out, r)
		}
	}
	return out, rows.Err()
}

func scan(rows *sql.Rows) (Record, error) {
	r := Record{Intents: []string{}, Entities: []string{}, Emotions: []string{}, Demand: []string{}}
	var intents, why, queue, last, agent string
	var handed, asked bool
	var handedAt, claimedAt sql.NullTime
	var score, nps sql.NullInt32
	var resolved sql.NullBool
	var sat Satisfaction
	err := rows.Scan(&r.Tenant, &r.Conversation, &r.Session, &r.Customer, &r.Channel, &r.Lang, &r.Tier, &r.Started, &r.Ended, &r.Turns, &r.Fallbacks, &r.AgentMessages,
		&intents, &r.Angry, &handed, &why, &queue, &last, &agent, &handedAt, &claimedAt, &asked, &score, &resolved, &nps, &sat.ThumbsUp, &sat.ThumbsDown)
	if err != nil {
		return r, err
	}
	r.ID, r.Started, r.Ended = recordID(r.Tenant, r.Conversation, r.Session), r.Started.UTC(), r.Ended.UTC()
	if intents != "" {
		r.Intents = strings.Split(intents, "\x1f")
	}
	if score.Valid {
		v := int(score.Int32)
		sat.Score = &v
	}
	if nps.Valid {
		v := int(nps.Int32)
		sat.NPS = &v
	}
	if resolved.Valid {
		sat.Resolved = &resolved.Bool
	}
	if sat != (Satisfaction{}) {
		r.Satisfaction = &sat
	}
	if handed {
		r.Handover = &Handover{Reason: why, Queue: queue, LastQueue: last, Agent: agent, Asked: moment(handedAt), Claimed: moment(claimedAt)}
		if handedAt.Valid && claimedAt.Valid {
			wait := claimedAt.Time.Sub(handedAt.Time).Seconds()
			r.Handover.Wait = &wait
		}
	}
	r.Outcome = outcome(resolved, handed, claimedAt.Valid, asked)
	raw, err := json.Marshal(&r)
	h := sha256.Sum256(raw)
	r.Revision = hex.EncodeToString(h[:4])
	return r, err
}

func moment(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	u := t.Time.UTC()
	return &u
}

func outcome(resolved sql.NullBool, handed, claimed, asked bool) Outcome {
	switch {
	case resolved.Valid && resolved.Bool:
		return Resolved
	case resolved.Valid:
		return Unresolved
	case handed && claimed:
		return ByPerson
	case handed:
		return Waiting
	case asked:
		return Abandoned
	}
	return Contained
}

// addTurns adds what only the turns know. Sessions of one conversation follow each other, so a turn belongs to the first that has not ended.
func addTurns(ctx context.Context, q Querier, rs []Record, tenant string, texts bool) error {
	from, to := rs[0].Started, rs[0].Ended
	byConv := map[[2]string][]*Record{}
	for i := range rs {
		r := &rs[i]
		if r.Started.Before(from) {
			from = r.Started
		}
		if r.Ended.After(to) {
			to = r.Ended
		}
		k := [2]string{r.Tenant, r.Conversation}
		byConv[k] = append(byConv[k], r)
	}
	rows, err := q.Query(ctx, turnsQuery, from, to, tenant, tenant)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k [2]string
		var ts time.Time
		var emotion, entities, text string
		if err := rows.Scan(&k[0], &k[1], &ts, &emotion, &entities, &text); err != nil {
			return err
		}
		for _, r := range byConv[k] {
			if !ts.Before(r.Started) && !ts.After(r.Ended) {
				r.addTurn(emotion, entities, text, texts)
				break
			}
		}
	}
	return rows.Err()
}

func (r *Record) addTurn(emotion, entities, text string, texts bool) {
	if emotion != "" && (len(r.Emotions) == 0 || r.Emotions[len(r.Emotions)-1] != emotion) {
		r.Emotions = append(r.Emotions, emotion)
	}
	for e := range strings.SplitSeq(entities, "\x1f") {
		if e != "" && !slices.Contains(r.Entities, e) {
			r.Entities = append(r.Entities, e)
		}
	}
	if texts && text != "" {
		r.Texts = append(r.Texts, text)
	}
}

// complete adds what follows from the rest.
func (r *Record) complete(links map[string]string) {
	r.Demand = demand(r)
	r.Summary = summary(r)
	for name, pattern := range links {
		if r.Links == nil {
			r.Links = map[string]string{}
		}
		r.Links[name] = strings.NewReplacer("{tenant}", url.PathEscape(r.Tenant), "{conversation}", url.PathEscape(r.Conversation), "{customer}", url.PathEscape(r.Customer)).Replace(pattern)
	}
}

// demand are tags of what a customer is in need of: for lists to follow up, and for counting.
func demand(r *Record) []string {
	tags := []string{}
	add := func(tag string) {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	for _, in := range r.Intents {
		domain, what, _ := strings.Cut(in, ".")
		switch {
		case domain == "complaint" || domain == "compensation":
			add("complaint")
		case in == "product.damaged" || in == "product.malfunction" || in == "product.wrong_or_missing":
			add("repair_or_replace")
		case domain == "product" || in == "order.place" || in == "promotion.info":
			add("purchase")
			if what == "availability" {
				add("out_of_stock")
			}
		case in == "account.close" || in == "membership.cancel" || in == "order.cancel":
			add("churn_risk")
		}
	}
	if r.Fallbacks > 0 {
		add("unmet")
	}
	if r.Outcome == Unresolved || r.Outcome == Waiting {
		add("call_back")
	}
	return tags
}

// summary is a sentence for who reads the record in a list.
func summary(r *Record) analytics.Text {
	topics := slices.DeleteFunc(slices.Clone(r.Intents), func(in string) bool { return strings.HasPrefix(in, "chat.") }) // greetings, thanks, yes and no
	what := cmp.Or(strings.Join(topics[:min(3, len(topics))], ", "), "?")
	zh := fmt.Sprintf("客户来问 %s，共 %d 条消息", what, r.Turns)
	en := fmt.Sprintf("The customer came with %s, in %d message%s", what, r.Turns, map[bool]string{false: "s"}[r.Turns == 1])
	if r.Fallbacks > 0 {
		zh += fmt.Sprintf("，其中 %d 条没有听懂", r.Fallbacks)
		en += fmt.Sprintf(", %d of them not understood", r.Fallbacks)
	}
	if r.Angry {
		zh += "，有怒气"
		en += "; angry at times"
	}
	if h := r.Handover; h != nil {
		zh += fmt.Sprintf("；转人工（%s → %s）", h.Reason, h.Queue)
		en += fmt.Sprintf("; handed over (%s → %s)", h.Reason, h.Queue)
	}
	end := outcomes[r.Outcome]
	zh += "；" + end.ZH
	en += "; " + end.EN
	if s := r.Satisfaction; s != nil && s.Score != nil {
		zh += fmt.Sprintf("；评分 %d", *s.Score)
		en += fmt.Sprintf("; rated %d of 5", *s.Score)
	}
	return analytics.Text{ZH: zh + "。", EN: en + "."}
}

var outcomes = map[Outcome]analytics.Text{
	Resolved: {ZH: "客户确认已解决", EN: "resolved, the customer says"}, Unresolved: {ZH: "客户表示没有解决", EN: "not resolved, the customer says"},
	ByPerson: {ZH: "由人工处理", EN: "served by a person"}, Waiting: {ZH: "等人工时离开", EN: "left before a person came"},
	Abandoned: {ZH: "中途离开", EN: "left half-way"}, Contained: {ZH: "由机器人答复", EN: "answered by the robot"},
}
