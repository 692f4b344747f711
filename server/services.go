package server

import (
	"context"
	"io"

	"yingda/dialogue"
	"yingda/dialogue/experiment"
	"yingda/dialogue/knowledge"
	"yingda/dialogue/proactive"
	"yingda/dialogue/profile"
	"yingda/dialogue/routing"
	"yingda/dialogue/routing/handover"
	"yingda/dialogue/script"
	"yingda/dialogue/task"
	"yingda/nlu"
)

// What the resources need of the rest. cmd/yingda gives the implementations, which the assertions name; tests give others.

// Follower tells of events as they are written, by any replica.
type Follower interface {
	// Follow calls fn for every event written from now on, in the log's order, until ctx is done or the log fails.
	Follow(ctx context.Context, fn func(*dialogue.Event)) error
}

// Routing is who serves whom: queues, agents and who of them speaks.
type Routing interface {
	Queues
	Agents
	Desk
}

// Queues tells how things stand.
type Queues interface {
	Stats(tenant string) routing.Stats
	List(tenant string, f routing.Filter) []routing.Row
	Place(k dialogue.Key) (routing.Place, error)
	Watch(ctx context.Context, tenant string, fn func(routing.Update) error) error
}

// Agents keeps the people who answer, and whether they are there.
type Agents interface {
	Agents(tenant string) []routing.Agent
	Agent(tenant, id string) (routing.Agent, error)
	PutAgent(ctx context.Context, tenant string, m routing.Member, by string) (*routing.Agent, error)
	DeleteAgent(ctx context.Context, tenant, id string) error
	SetPresence(ctx context.Context, tenant, id string, status routing.Status, note string) (*routing.Agent, error)
	Heartbeat(ctx context.Context, tenant, id string) (*routing.Agent, error)
}

// Desk is where agents work. Whatever is done as a speaker carries the token of the ownership it is based on.
type Desk interface {
	Package(ctx context.Context, k dialogue.Key, lang nlu.Lang) (handover.Package, error)
	Enqueue(ctx context.Context, act routing.Act, ask dialogue.HandOffAsk) (routing.Held, error)
	Claim(ctx context.Context, act routing.Act) (routing.Held, error)
	ClaimNext(ctx context.Context, tenant, agent string, queues ...string) (routing.Held, error)
	Decline(ctx context.Context, act routing.Act) error
	Say(ctx context.Context, act routing.Act, w routing.Words) (routing.Held, error)
	Transfer(ctx context.Context, act routing.Act, to routing.Destination) (routing.Held, error)
	Release(ctx context.Context, act routing.Act) (routing.Held, error)
	Return(ctx context.Context, act routing.Act) (routing.Held, error)
	Close(ctx context.Context, act routing.Act) (routing.Held, error)
}

// Scripts are the texts of the robot, edited in drafts and published.
type Scripts interface {
	List(ctx context.Context, tenant, prefix string) ([]script.Entry, error)
	Get(ctx context.Context, tenant, key string) (script.Entry, error)
	History(ctx context.Context, tenant, key string, limit int) ([]script.Change, error)
	Preview(ctx context.Context, key, source string, w dialogue.Wording) (script.Preview, error)
	Save(ctx context.Context, e script.Edit, source string) (script.Entry, []*script.Fault, error)
	Publish(ctx context.Context, e script.Edit) (script.Entry, error)
	Discard(ctx context.Context, e script.Edit) (script.Entry, error)
	RollBack(ctx context.Context, e script.Edit, version int) (script.Entry, error)
	Export(ctx context.Context, w io.Writer, tenant string, all bool) error
	Import(ctx context.Context, r io.Reader, ask script.ImportAsk) ([]script.Imported, error)
	Reports() []script.Report
}

// Experiments are trials of variants of the robot.
type Experiments interface {
	List(ctx context.Context, tenant string) ([]experiment.Experiment, error)
	Get(ctx context.Context, tenant, name string) (experiment.Experiment, error)
	History(ctx context.Context, tenant, name string, limit int) ([]experiment.Experiment, error)
	Save(ctx context.Context, by experiment.Edit, d experiment.Definition) (experiment.Experiment, error)
	Start(ctx context.Context, by experiment.Edit) (experiment.Experiment, error)
	Pause(ctx context.Context, by experiment.Edit) (experiment.Experiment, error)
	Stop(ctx context.Context, by experiment.Edit) (experiment.Experiment, error)
	Ramp(ctx context.Context, by experiment.Edit, coverage float64, steps []experiment.Step) (experiment.Experiment, error)
	SetWeights(ctx context.Context, by experiment.Edit, weights map[string]float64) (experiment.Experiment, error)
}

// Tasks are what the robot does, as the files of the service pack declare it.
type Tasks interface {
	// Tasks returns those in force.
	Tasks() []*task.Task
	// Reload reads the whole service pack again and puts it in force, if there is no fault in it. With dry it is only checked. The error
	// joins all faults.
	Reload(ctx context.Context, dry bool) error
}

// Knowledge is the questions with their answers.
type Knowledge interface {
	List(tenant string) []knowledge.Version
	Get(tenant, id string) (knowledge.Version, error)
	History(ctx context.Context, tenant, id string, limit int) ([]knowledge.Version, error)
	Put(ctx context.Context, tenant string, e dialogue.Entry, revision uint64, by string) (knowledge.Version, error)
	Delete(ctx context.Context, tenant, id string, revision uint64, by string) error
	Reset(ctx context.Context, tenant, id string, revision uint64, by string) (knowledge.Version, error)
	Search(q dialogue.Asked) []knowledge.Match
	Status(tenant string) knowledge.Status
}

// Profiles is what is known of customers, and what they want to be known.
type Profiles interface {
	Get(ctx context.Context, tenant, customer string) (profile.View, error)
	Forget(ctx context.Context, tenant, customer, name, value, by string) error
	ForgetAll(ctx context.Context, tenant, customer, by string) error
	SetConsent(ctx context.Context, tenant, customer, category string, allowed bool, source string) error
	Link(ctx context.Context, tenant, customer, main, by string) error
	Unlink(ctx context.Context, tenant, customer, by string) error
}

// FollowUps are the messages that customers did not ask for.
type FollowUps interface {
	Create(ctx context.Context, r proactive.Request) (proactive.FollowUp, error)
	Get(ctx context.Context, tenant, id string) (proactive.FollowUp, error)
	List(ctx context.Context, q proactive.Filter) ([]proactive.FollowUp, error)
	Cancel(ctx context.Context, tenant, id, by, reason string) (proactive.FollowUp, error)
	Accept(ctx context.Context, in proactive.Incoming) (proactive.Accepted, error)
	Receipt(ctx context.Context, r proactive.ReceiptFor) (proactive.FollowUp, error)
	Kinds() []string
}

var (
	_ Follower  = dialogue.Log(nil)
	_ Routing   = (*routing.Service)(nil)
	_ Scripts   = (*script.Library)(nil)
	_ Knowledge = (*knowledge.Base)(nil)

	_ Experiments = (*experiment.Service)(nil)
	_ Profiles    = (*profile.Service)(nil)
	_ FollowUps   = (*proactive.Service)(nil)
)
