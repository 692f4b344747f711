package server

import (
	"strings"

	"github.com/gin-gonic/gin"
)

// route is one line of the table of routes. Path is as in openapi.json.
type route struct {
	method, path string
	access       access // roles besides admin
	handle       func(*gin.Context) error
}

// routes is the one table of what is served. A test holds it against openapi.json.
func (s *Server) routes() []route {
	return []route{
		{"POST", "/v1/parse", accessRuntime | accessManager, s.parse},
		{"POST", "/v1/conversations/{conversation}/messages", accessRuntime, s.postMessage},
		{"GET", "/v1/conversations/{conversation}/messages", accessRuntime | accessStaff, s.getHistory},
		{"GET", "/v1/conversations/{conversation}", accessRuntime | accessStaff, s.getConversation},
		{"POST", "/v1/conversations/{conversation}/rating", accessRuntime, s.postRating},
		{"POST", "/v1/conversations/{conversation}/close", accessRuntime, s.postClose},
		{"GET", "/v1/conversations/{conversation}/events", accessRuntime | accessStaff, s.getEvents},
		{"GET", "/v1/conversations/{conversation}/live", accessRuntime | accessStaff, s.getLive},
		{"GET", "/v1/conversations/{conversation}/package", accessStaff, s.getPackage},
		{"GET", "/v1/conversations/{conversation}/place", accessRuntime | accessStaff, s.getPlace},
		{"POST", "/v1/conversations/{conversation}/enqueue", accessRuntime | accessStaff, s.postEnqueue},
		{"GET", "/v1/queues", accessNotes, s.getQueues},
		{"GET", "/v1/tickets", accessStaff, s.getTickets},
		{"GET", "/v1/agents", accessNotes, s.getAgents},
		{"GET", "/v1/agents/{agent}", accessNotes, s.getAgent},
		{"PUT", "/v1/agents/{agent}", accessManager, s.putAgent},
		{"DELETE", "/v1/agents/{agent}", accessManager, s.deleteAgent},
		{"PUT", "/v1/agents/{agent}/presence", accessStaff, s.putPresence},
		{"POST", "/v1/agents/{agent}/heartbeat", accessStaff, s.postHeartbeat},
		{"GET", "/v1/agents/{agent}/events", accessStaff, s.getAgentEvents},
		{"POST", "/v1/agents/{agent}/claim-next", accessStaff, s.postClaimNext},
		{"POST", "/v1/agents/{agent}/conversations/{conversation}/claim", accessStaff, s.postClaim},
		{"POST", "/v1/agents/{agent}/conversations/{conversation}/decline", accessStaff, s.postDecline},
		{"POST", "/v1/agents/{agent}/conversations/{conversation}/say", accessStaff, s.postSay},
		{"POST", "/v1/agents/{agent}/conversations/{conversation}/transfer", accessStaff, s.postTransfer},
		{"POST", "/v1/agents/{agent}/conversations/{conversation}/release", accessStaff, s.leave(Desk.Release)},
		{"POST", "/v1/agents/{agent}/conversations/{conversation}/return", accessStaff, s.leave(Desk.Return)},
		{"POST", "/v1/agents/{agent}/conversations/{conversation}/close", accessStaff, s.leave(Desk.Close)},
		{"GET", "/v1/scripts", accessNotes, s.getScripts},
		{"POST", "/v1/scripts/import", accessManager, s.importScripts},
		{"GET", "/v1/scripts/export", accessNotes, s.exportScripts},
		{"GET", "/v1/scripts/reports", accessNotes, s.getScriptReports},
		{"GET", "/v1/scripts/{key}", accessNotes, s.getScript},
		{"PUT", "/v1/scripts/{key}", accessManager, s.putScript},
		{"GET", "/v1/scripts/{key}/history", accessNotes, s.getScriptHistory},
		{"POST", "/v1/scripts/{key}/preview", accessNotes, s.previewScript},
		{"POST", "/v1/scripts/{key}/publish", accessManager, s.editScript(Scripts.Publish)},
		{"POST", "/v1/scripts/{key}/discard", accessManager, s.editScript(Scripts.Discard)},
		{"POST", "/v1/scripts/{key}/rollback", accessManager, s.rollBackScript},
		{"GET", "/v1/tasks", accessNotes, s.getTasks},
		{"POST", "/v1/tasks/validate", accessManager, s.validateTasks},
		{"POST", "/v1/tasks/reload", accessManager, s.reloadTasks},
		{"GET", "/v1/experiments", accessNotes, s.getExperiments},
		{"GET", "/v1/experiments/{name}", accessNotes, s.getExperiment},
		{"PUT", "/v1/experiments/{name}", accessManager, s.changeExperiment(saveExperiment)},
		{"POST", "/v1/experiments/{name}/start", accessManager, s.changeExperiment(moveExperiment(Experiments.Start))},
		{"POST", "/v1/experiments/{name}/pause", accessManager, s.changeExperiment(moveExperiment(Experiments.Pause))},
		{"POST", "/v1/experiments/{name}/stop", accessManager, s.changeExperiment(moveExperiment(Experiments.Stop))},
		{"POST", "/v1/experiments/{name}/ramp", accessManager, s.changeExperiment(rampExperiment)},
		{"POST", "/v1/experiments/{name}/weights", accessManager, s.changeExperiment(weighExperiment)},
		{"GET", "/v1/experiments/{name}/history", accessNotes, s.getExperimentHistory},
		{"GET", "/v1/experiments/{name}/results", accessManager | accessRead, s.analytics},
		{"GET", "/v1/knowledge", accessNotes, s.getKnowledge},
		{"POST", "/v1/knowledge/search", accessNotes | accessRuntime, s.searchKnowledge},
		{"GET", "/v1/knowledge/status", accessNotes, s.getKnowledgeStatus},
		{"GET", "/v1/knowledge/{entry}", accessNotes, s.getEntry},
		{"PUT", "/v1/knowledge/{entry}", accessManager, s.putEntry},
		{"DELETE", "/v1/knowledge/{entry}", accessManager, s.deleteEntry},
		{"POST", "/v1/knowledge/{entry}/reset", accessManager, s.resetEntry},
		{"GET", "/v1/knowledge/{entry}/history", accessNotes, s.getEntryHistory},
		{"GET", "/v1/profiles/{customer}", accessRuntime | accessStaff, s.getProfile},
		{"DELETE", "/v1/profiles/{customer}/preferences", accessRuntime | accessManager, s.deletePreferences},
		{"PUT", "/v1/profiles/{customer}/consent/{category}", accessRuntime | accessManager, s.putConsent},
		{"PUT", "/v1/profiles/{customer}/link", accessRuntime | accessManager, s.putLink},
		{"DELETE", "/v1/profiles/{customer}/link", accessRuntime | accessManager, s.deleteLink},
		{"DELETE", "/v1/customers/{customer}", accessAdmin, s.deleteCustomer},
		{"GET", "/v1/backup", accessAdmin, s.getBackup},
		{"GET", "/v1/follow-ups", accessRuntime | accessStaff, s.getFollowUps},
		{"POST", "/v1/follow-ups", accessRuntime | accessStaff, s.postFollowUp},
		{"GET", "/v1/follow-ups/{follow_up}", accessRuntime | accessStaff, s.getFollowUp},
		{"DELETE", "/v1/follow-ups/{follow_up}", accessRuntime | accessStaff, s.deleteFollowUp},
		{"POST", "/v1/events", accessRuntime, s.postIncoming},
		{"POST", "/v1/receipts", accessRuntime, s.postReceipt},
		{"GET", "/v1/reports", accessManager | accessRead, s.analytics},
		{"GET", "/v1/reports/shadows", accessManager | accessRead, s.analytics},
		{"GET", "/v1/reports/{name}", accessManager | accessRead, s.analytics},
		{"GET", "/v1/unrecognised", accessManager, s.analytics},
		{"GET", "/v1/unrecognised/{group}", accessManager, s.analytics},
		{"POST", "/v1/unrecognised/{group}", accessManager, s.analytics},
		{"GET", "/v1/labels", accessManager, s.analytics},
		{"POST", "/v1/labels", accessManager, s.analytics},
		{"GET", "/v1/labels/export", accessManager, s.analytics},
		{"GET", "/v1/exports", accessManager | accessRead, s.analytics},
		{"POST", "/v1/exports/{name}", accessManager, s.analytics},
		{"GET", "/v1/exports/{name}/{file}", accessManager | accessRead, s.analytics},
		{"GET", "/v1/exports/webhooks/{name}/dead", accessManager, s.analytics},
		{"POST", "/v1/exports/webhooks/{name}/resend", accessManager, s.analytics},
		{"GET", "/v1/bundles", accessAll, s.getBundles},
		{"GET", "/v1/limits", accessAll, s.getLimits},
		{"GET", "/v1/shadow", accessNotes, s.getShadow},
		{"GET", "/v1/parse-log", accessNotes, s.getParseLog},
		{"GET", "/healthz", accessPublic, s.healthz},
		{"GET", "/readyz", accessPublic, s.readyz},
		{"GET", "/metrics", accessRead, s.getMetrics},
		{"GET", "/openapi.json", accessPublic, s.getOpenAPI},
		{"GET", "/docs", accessPublic, s.getDocs},
		{"GET", "/parse", accessPublic, s.getParse},
		{"GET", "/", accessPublic, s.getChat},
		{"POST", "/webhooks/rest/webhook", accessRuntime, s.rasaWebhook},
		{"GET", "/webhooks/rest/", accessRuntime, s.rasaChannel},
		{"POST", "/model/parse", accessRuntime, s.rasaParse},
		{"GET", "/version", accessRuntime | accessRead, s.rasaVersion},
		{"GET", "/status", accessRuntime | accessRead, s.rasaStatus},
		{"POST", "/language/:analyze-conversations", accessRuntime, s.cluAnalyze},
	}
}

func (s *Server) newEngine() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode) // or gin prints every route
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false // a redirect would lose a POST's body with many clients
	if err := e.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	e.Use(s.observe)
	e.NoRoute(s.notFound)
	e.NoMethod(s.notAllowed)
	for _, r := range s.routes() {
		handler := func(c *gin.Context) {
			err := s.admit(c, r.access)
			if err == nil {
				err = r.handle(c)
			}
			if err != nil {
				s.fail(c, err)
			}
		}
		path := ginPath(r.path)
		e.Handle(r.method, path, handler)
		if r.method == "GET" {
			e.Handle("HEAD", path, handler) // net/http leaves the body out
		}
	}
	return e, nil
}

// ginPath turns a path of openapi.json into gin's: {name} is a parameter, and a colon is a colon.
func ginPath(path string) string {
	path = strings.ReplaceAll(path, "/:", `/\:`)
	return strings.NewReplacer("/{", "/:", "}", "").Replace(path)
}
