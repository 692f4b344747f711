package policy

import (
	"bytes"
	"regexp"
	"strings"

	"yingda/dialogue/internal/strict"
)

// Settings are the thresholds, weights, roles and words of a policy: policy.yaml of a service pack. They are immutable once parsed.
type Settings struct {
	Version int `yaml:"version"`
	// Roles give intents a meaning for the course of a conversation; see [Role].
	Roles map[Role][]string `yaml:"roles"`
	// Groups name sets of intents; "complaint.*" stands for all that begin so.
	Groups map[string][]string `yaml:"groups"`
	// Queues say who takes over.
	Queues Queues `yaml:"queues"`
	// Tiers of customers; the one named "" is for all others.
	Tiers map[string]Tier `yaml:"tiers"`
	// Moods say which feelings count and how much.
	Moods Moods `yaml:"moods"`
	// Understanding holds the thresholds of what is taken as understood.
	Understanding Understanding `yaml:"understanding"`
	// Context holds the weights by which what is open changes the ranking of intents.
	Context Context `yaml:"context"`
	// Cues are small words that say how a message refers to what came before; see [Cue]. RE2 over folded text (lower case, half-width, simplified).
	Cues map[Cue][]string `yaml:"cues"`
	// Notices say what is meant by a customer who answers a notice that they were sent.
	Notices []Notice `yaml:"notices"`
	// Options say which wish an option of a numbered list is, by its words.
	Options []Option `yaml:"options"`
	// Hints are words that speak for or against intents, for what the model reads wrongly; see [Hint].
	Hints []Hint `yaml:"hints"`
	// Named says what a customer probably wants whose message is not understood otherwise but names a thing: an intent by type of entity.
	Named map[string]string `yaml:"named"`
	// Offers say which intent, or "/agent", is offered when a call is refused and the field "next" of its result names what is possible instead.
	Offers map[string]string `yaml:"offers"`
	// Alternatives are sets of intents of which a customer wants one: beginning one drops another that is open.
	Alternatives [][]string `yaml:"alternatives"`
	// Limits are numbers of tries and turns.
	Limits Limits `yaml:"limits"`
	// Idle says after how much silence conversations are closed. The policy itself has no use for it: package idle does that.
	Idle Idle `yaml:"idle"`

	roles    map[string]Role
	cues     map[Cue]*matcher
	weights  map[string][]weight
	feelings []feeling
	source   []byte // what it was parsed from
}

// weight is a factor for the intents of a pattern.
type weight struct {
	pattern string
	factor  float64
}

// Role is what an intent of conversation does.
type Role string

// The roles. RoleGreet to RolePraise are only answered, by the script of the intent.
const (
	RoleAffirm  Role = "affirm"
	RoleDeny    Role = "deny"
	RoleCorrect Role = "correct"
	RoleRepeat  Role = "repeat"
	RoleWait    Role = "wait"
	RolePerson  Role = "person"  // asks for a person
	RoleGoodbye Role = "goodbye" // ends the conversation
	RoleChat    Role = "chat"    // greetings, thanks, praise: answered beside everything else
)

var roles = []Role{RoleAffirm, RoleDeny, RoleCorrect, RoleRepeat, RoleWait, RolePerson, RoleGoodbye, RoleChat}

// Queues say which people take over. The first that applies wins: the tier's, the task's, the group's, Default.
type Queues struct {
	Default string            `yaml:"default"`
	Groups  map[string]string `yaml:"groups"` // by group of the intents talked about
	Emotion string            `yaml:"emotion"`
}

// Tier is how customers of a tier are served.
type Tier struct {
	Queue string   `yaml:"queue"` // empty = as for everybody
	Angry int      `yaml:"angry"` // the angry turn at which people take over; 0 = as tier ""
	Miss  int      `yaml:"miss"`  // messages in a row not understood at which people take over; 0 = as tier ""
	For   []string `yaml:"for"`   // groups or intents that people serve at once for this tier
}

// Moods say which feelings count.
type Moods struct {
	// Angry and Uneasy list emotions: those that count towards a handover, and those that are soothed only.
	Angry  []string `yaml:"angry"`
	Uneasy []string `yaml:"uneasy"`
	// Gentle are emotions that get kind words first but do not decide what is done.
	Gentle []string `yaml:"gentle"`
	// Score is the least probability of the emotion; Groups raise it by group of the intent: a plain wish is less likely to be said in anger.
	Score  float64            `yaml:"score"`
	Groups map[string]float64 `yaml:"groups"`
	// Unclear is the least probability where nothing is understood; 0 = Score. Messages without sense look like any emotion.
	Unclear float64 `yaml:"unclear"`
	// Intensity is the least intensity.
	Intensity float64 `yaml:"intensity"`
	// Strong is the intensity from which the stronger words are used.
	Strong float64 `yaml:"strong"`
	// Sour are groups whose wishes count as angry when they come with a bad feeling, irony included.
	Sour []string `yaml:"sour"`
	// Words tell an emotion by themselves, whatever the analysis makes of the message: RE2 patterns by emotion.
	Words map[string][]string `yaml:"words"`
	// Calm is how many calm turns in a row make anger be forgotten.
	Calm int `yaml:"calm"`
	// Weights multiply the score of intents, by emotion and intent pattern: who is angry does not praise.
	Weights map[string]map[string]float64 `yaml:"weights"`
}

// Understanding holds thresholds of probabilities after context.
type Understanding struct {
	Accept    float64 `yaml:"accept"`    // of the best intent
	Rescue    float64 `yaml:"rescue"`    // of the best intent, where the analysis by itself understood nothing
	Second    float64 `yaml:"second"`    // of a further wish in the same message
	Act       float64 `yaml:"act"`       // below it what changes something is asked for first
	Switch    float64 `yaml:"switch"`    // to leave a question unanswered for another wish
	Strange   float64 `yaml:"strange"`   // out-of-scope probability from which a message is not an answer to a question either
	Margin    float64 `yaml:"margin"`    // two intents closer than this are offered as a choice
	Unsure    float64 `yaml:"unsure"`    // ... when the better one is below this
	Retype    float64 `yaml:"retype"`    // score of the model's find below which it is read as what was asked for
	Heard     float64 `yaml:"heard"`     // confidence of the speech recogniser below which it is asked again
	Knowledge float64 `yaml:"knowledge"` // score of an entry that answers what no intent fits
	Known     float64 `yaml:"known"`     // score of an entry that answers a known intent
}

// Context holds factors by which the score of an intent is multiplied. 1 changes nothing.
type Context struct {
	Open    float64 `yaml:"open"`    // its task is under way
	Paused  float64 `yaml:"paused"`  // its task was interrupted
	Topic   float64 `yaml:"topic"`   // it was talked about in the turn before
	Goes    float64 `yaml:"goes"`    // besides, for both, when the message begins like one that goes on: 那…, so …
	Then    float64 `yaml:"then"`    // it is named under then of what was talked about
	Notice  float64 `yaml:"notice"`  // it is what the notice is about that the customer answers
	Fits    float64 `yaml:"fits"`    // the customer has a thing whose status fits
	Absent  float64 `yaml:"absent"`  // the customer has things, but none of the kind that it is about
	Unfit   float64 `yaml:"unfit"`   // all things of the customer have statuses that do not fit
	Takes   float64 `yaml:"takes"`   // its task has a use for the values in the message
	Foreign float64 `yaml:"foreign"` // its task has no use for a value in the message, for each
	Asked   float64 `yaml:"asked"`   // yes and no, where they were asked for
	Unasked float64 `yaml:"unasked"` // yes and no, where nothing was asked
	Says    float64 `yaml:"says"`    // the message has the word for it and none for its alternatives, see Options; 0 = 1
}

// Idle are spans of silence; 0, or left out, is never.
type Idle struct {
	Quiet  strict.Duration `yaml:"quiet"`  // whatever is open
	Done   strict.Duration `yaml:"done"`   // what was wanted is done
	People strict.Duration `yaml:"people"` // it waits for a person or is with one
}

// Cue names a kind of small words.
type Cue string

// The cues. The program knows what each is for; which words they are is in policy.yaml.
const (
	CueYes      Cue = "yes"       // at the beginning of the message
	CueNo       Cue = "no"        // at the beginning of the message
	CueDrop     Cue = "drop"      // never mind, I don't want that any more
	CueWrong    Cue = "wrong"     // that is wrong; I meant
	CueInstead  Cue = "instead"   // rather that
	CueReplace  Cue = "replace"   // not A but B: groups are A and B, in raw text
	CueNegation Cue = "negation"  // before what is not wanted
	CuePast     Cue = "past"      // 上次那个, the one I bought
	CuePronoun  Cue = "pronoun"   // 它, 这个, that one
	CueOther    Cue = "other"     // 另一个, the other one
	CueLatest   Cue = "latest"    // 最近那单, my latest order
	CueAnd      Cue = "and"       // 那…呢, what about …
	CueGoes     Cue = "goes"      // 那…, so …: at the beginning of what goes on with the topic
	CueCheapest Cue = "cheapest"  // 便宜那个
	CueDearest  Cue = "dearest"   // 贵的那个
	CueFirst    Cue = "first"     // 前者, the former
	CueLast     Cue = "last"      // 后者, the latter
	CueOption   Cue = "option"    // 选3: group 1 is the number
	CueTail     Cue = "tail"      // 尾号8832: group 1 is the end of a value
	CueResume   Cue = "resume"    // let us go on with it
	CueRetry    Cue = "retry"     // try again
	CueHelped   Cue = "helped"    // it works now
	CueStill    Cue = "still"     // it still does not
	CueQuestion Cue = "question"  // a question
	CueListItem Cue = "list_item" // "1 等待补货": groups 1 and 2 are number and words of an option in a notice
	CueFiller   Cue = "filler"    // polite words that say nothing
)

var cues = []Cue{CueYes, CueNo, CueDrop, CueWrong, CueInstead, CueReplace, CueNegation, CuePast, CuePronoun, CueLatest, CueOther, CueAnd, CueGoes, CueCheapest, CueDearest, CueFirst, CueLast, CueOption, CueTail, CueResume, CueRetry, CueHelped, CueStill, CueQuestion, CueListItem, CueFiller}

// Notice says what a customer means who answers a notice.
type Notice struct {
	Match   string   `yaml:"match"`   // in the notice's text or status, RE2
	Intents []string `yaml:"intents"` // that the customer then probably means; the first is taken when nothing else is understood
	Urgent  string   `yaml:"urgent"`  // taken instead when the customer is uneasy or angry
	Next    string   `yaml:"next"`    // whose task is begun after the first was answered: what the notice asks the customer for

	match *regexp.Regexp
}

// Option says which wish an option is.
type Option struct {
	Match  string `yaml:"match"` // in the words of the option, RE2
	Intent string `yaml:"intent"`

	match *regexp.Regexp
}

// Limits are numbers of tries and turns.
type Limits struct {
	Asks    int `yaml:"asks"`    // how often one slot is asked for before people take over
	Failed  int `yaml:"failed"`  // failed calls of a task before people take over
	Paused  int `yaml:"paused"`  // turns after which an interrupted task is forgotten
	Tasks   int `yaml:"tasks"`   // unfinished tasks kept
	Options int `yaml:"options"` // shown at most
	Aside   int `yaml:"aside"`   // values of earlier topics kept
	Next    int `yaml:"next"`    // questions offered after an answer from the knowledge base; 0 = none
}

// ParseSettings reads policy.yaml. The error joins a [*strict.Fault] for everything that is wrong.
func ParseSettings(name string, data []byte) (*Settings, error) {
	s := &Settings{source: bytes.Clone(data)}
	f := strict.Decode(name, data, s)
	s.check(f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// role returns what an intent does in a conversation; empty = it is a wish.
func (s *Settings) role(intent string) Role { return s.roles[intent] }

// first returns an intent of a role; empty when there is none.
func (s *Settings) first(r Role) string {
	if l := s.Roles[r]; len(l) > 0 {
		return l[0]
	}
	return ""
}

// matches tells whether an intent fits a pattern: itself, or "group.*".
func matches(pattern, intent string) bool {
	if head, found := strings.CutSuffix(pattern, "*"); found {
		return strings.HasPrefix(intent, head)
	}
	return pattern == intent
}

// in tells whether an intent belongs to a group, or is the name itself.
func (s *Settings) in(name, intent string) bool {
	if name == intent {
		return true
	}
	for _, p := range s.Groups[name] {
		if matches(p, intent) {
			return true
		}
	}
	return false
}

// tier returns how customers of a tier are served.
func (s *Settings) tier(name string) Tier {
	base, t := s.Tiers[""], s.Tiers[name]
	if t.Angry == 0 {
		t.Angry = base.Angry
	}
	if t.Miss == 0 {
		t.Miss = base.Miss
	}
	return t
}
