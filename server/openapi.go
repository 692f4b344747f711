package server

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/gin-gonic/gin"
)

//go:embed openapi.json
var openAPI []byte

// versionMark is what stands for the version in openapi.json.
const versionMark = `"version": "0.0.0-dev"`

func withVersion(doc []byte, version string) ([]byte, error) {
	quoted, err := json.Marshal(version)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(doc, []byte(versionMark)) {
		return nil, fmt.Errorf("openapi.json has no %s", versionMark)
	}
	return bytes.Replace(doc, []byte(versionMark), []byte(`"version": `+string(quoted)), 1), nil
}

func (s *Server) getOpenAPI(c *gin.Context) error {
	writeBytes(c, 200, "application/json", s.pages.openAPI)
	return nil
}

// apiDoc is the part of openapi.json that the readable page shows.
type apiDoc struct {
	Info struct{ Title, Version, Description string }
	Tags []struct{ Name, Description string }

	Paths      map[string]map[string]*apiOperation
	Components struct {
		Schemas map[string]*apiSchema
	}
}

type apiOperation struct {
	Method, Path         string `json:"-"`
	Tags                 []string
	OperationID          string
	Summary, Description string
	Parameters           []struct{ Name, In, Description string }
	RequestBody          *apiBody
	Responses            map[string]*apiBody
	Curl                 []string `json:"x-curl"`
}

type apiBody struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]struct {
		Schema  *apiSchema
		Example json.RawMessage
	}
}

type apiSchema struct {
	Ref         string `json:"$ref"`
	Type        string
	Description string
	Properties  map[string]*apiSchema
	Required    []string
	Items       *apiSchema
	Enum        []string
	AllOf       []*apiSchema
	OneOf       []*apiSchema
	Minimum     *float64
	Maximum     *float64
	MaxLength   *int
	MaxItems    *int
	Default     any
}
