package server

import (
	"errors"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"yingda/dialogue"
	"yingda/dialogue/profile"
)

// profileAnswer is the JSON of GET /v1/profiles/{customer}.
type profileAnswer struct {
	Customer      string                     `json:"customer"`
	Identities    []string                   `json:"identities"` // other ids of the same person, this one first
	Profile       dialogue.Profile           `json:"profile"`    // as a turn sees it
	Conversations []profile.Conversation     `json:"conversations"`
	Preferences   []profile.Preference       `json:"preferences"`
	Consents      map[string]profile.Consent `json:"consents"`
	Source        string                     `json:"source"`          // where the operator's part comes from
	AsOf          *time.Time                 `json:"as_of,omitempty"` // when it was read there
}

func (s *Server) profiles(c *gin.Context) (Profiles, string, error) {
	if s.o.Profiles == nil {
		return nil, "", notConfigured("profiles")
	}
	customer, err := customerOf(c)
	return s.o.Profiles, customer, err
}

// customerOf reads the customer's id out of the path.
func customerOf(c *gin.Context) (string, error) {
	customer := c.Param("customer")
	if len(customer) > maxCustomerBytes || !utf8.ValidString(customer) {
		return "", fieldFault(CodeBadValue, "customer", "has %d bytes: send 1 to %d of UTF-8", len(customer), maxCustomerBytes)
	}
	return customer, nil
}

// getProfile answers GET /v1/profiles/{customer}. An unknown customer has an empty profile.
func (s *Server) getProfile(c *gin.Context) error {
	profiles, customer, err := s.profiles(c)
	if err != nil {
		return err
	}
	v, err := profiles.Get(c.Request.Context(), callerOf(c).Tenant, customer)
	return answer(c, err, func() any {
		if v.Consents == nil {
			v.Consents = profile.Consents{}
		}
		return profileAnswer{customer, texts(v.Identities), v.Profile, listed(v.Conversations), listed(v.Preferences), v.Consents, v.Source, moment(v.AsOf)}
	})
}

// deletePreferences answers DELETE /v1/profiles/{customer}/preferences?name=&value=: what was learnt is forgotten.
func (s *Server) deletePreferences(c *gin.Context) error {
	profiles, customer, err := s.profiles(c)
	if err != nil {
		return err
	}
	who := callerOf(c)
	name, value := c.Query("name"), c.Query("value")
	switch {
	case len(name) > maxIDBytes || len(value) > maxMetadataBytes:
		return fieldFault(CodeBadQuery, "value", "of %d bytes under a name of %d: at most %d and %d are kept", len(value), len(name), maxMetadataBytes, maxIDBytes)
	case name == "" && value != "":
		return fieldFault(CodeBadQuery, "name", "is missing although there is a value: send the preference's name")
	case name == "":
		err = profiles.ForgetAll(c.Request.Context(), who.Tenant, customer, who.By())
	default:
		err = profiles.Forget(c.Request.Context(), who.Tenant, customer, name, value, who.By())
	}
	if errors.Is(err, dialogue.ErrUnknown) {
		return newFault(CodeUnknownItem, "Nothing of that kind was learnt of this customer.")
	}
	return answer(c, err, func() any { return map[string]any{"customer": customer, "forgotten": true} })
}

// consentRequest is the body of PUT /v1/profiles/{customer}/consent/{category}.
type consentRequest struct {
	Allowed *bool  `json:"allowed"`
	Source  string `json:"source" most:"256"` // where it was said
}

// putConsent answers PUT /v1/profiles/{customer}/consent/{category}.
func (s *Server) putConsent(c *gin.Context) error {
	profiles, customer, err := s.profiles(c)
	if err != nil {
		return err
	}
	var q consentRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	if q.Allowed == nil {
		return fieldFault(CodeBadValue, "allowed", "is missing: send true or false")
	}
	who, category := callerOf(c), c.Param("category")
	if q.Source == "" {
		q.Source = who.By()
	}
	err = profiles.SetConsent(c.Request.Context(), who.Tenant, customer, category, *q.Allowed, q.Source)
	return answer(c, err, func() any { return map[string]any{"customer": customer, "category": category, "allowed": *q.Allowed} })
}

// linkRequest is the body of PUT /v1/profiles/{customer}/link.
type linkRequest struct {
	Main string `json:"main" most:"-"` // the id that stands for the person
}

// putLink answers PUT /v1/profiles/{customer}/link.
func (s *Server) putLink(c *gin.Context) error {
	profiles, customer, err := s.profiles(c)
	if err != nil {
		return err
	}
	var q linkRequest
	if err := s.readInto(c, &q); err != nil {
		return err
	}
	if q.Main == "" || len(q.Main) > maxCustomerBytes {
		return fieldFault(CodeBadValue, "main", "has %d bytes: send 1 to %d", len(q.Main), maxCustomerBytes)
	}
	who := callerOf(c)
	err = profiles.Link(c.Request.Context(), who.Tenant, customer, q.Main, who.By())
	return answer(c, err, func() any { return map[string]any{"customer": customer, "main": q.Main} })
}

// deleteLink answers DELETE /v1/profiles/{customer}/link.
func (s *Server) deleteLink(c *gin.Context) error {
	profiles, customer, err := s.profiles(c)
	if err != nil {
		return err
	}
	who := callerOf(c)
	err = profiles.Unlink(c.Request.Context(), who.Tenant, customer, who.By())
	return answer(c, err, func() any { return map[string]any{"customer": customer, "main": ""} })
}
