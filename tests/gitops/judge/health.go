package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"

	argohealth "github.com/argoproj/gitops-engine/pkg/health"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// verdict is what both tools make of one state of one object.
type verdict struct {
	Name        string `json:"name"`
	Lua         string `json:"lua"`  // the script alone, also for an object that is being deleted
	Argo        string `json:"argo"` // Argo CD as a whole
	Message     string `json:"message"`
	Flux        string `json:"flux"`
	FluxMessage string `json:"fluxMessage"`
}

// script is a health check as Argo CD takes it from its ConfigMap.
type script string

func (s script) GetResourceHealth(
	object *unstructured.Unstructured,
) (*argohealth.HealthStatus, error) {
	text, err := runLua(string(s), object.Object)
	if err != nil {
		return nil, err
	}
	found := &argohealth.HealthStatus{}
	return found, json.Unmarshal(text, found)
}

func judged(s script, object *unstructured.Unstructured) (verdict, error) {
	alone, err := s.GetResourceHealth(object)
	if err != nil {
		return verdict{}, err
	}
	whole, err := argohealth.GetResourceHealth(object, s)
	if err != nil {
		return verdict{}, err
	}
	flux, err := status.Compute(object)
	if err != nil {
		return verdict{}, err
	}
	return verdict{object.GetName(), string(alone.Status), string(whole.Status), alone.Message,
		flux.Status.String(), flux.Message}, nil
}

func health(arguments []string) error {
	source, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	for _, path := range arguments[1:] {
		objects, err := readObjects(path)
		if err != nil {
			return err
		}
		for _, object := range objects {
			found, err := judged(script(source), object)
			if err != nil {
				return err
			}
			line := struct {
				File string `json:"file"`
				verdict
			}{filepath.Base(path), found}
			if err := say(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// readObjects reads a YAML stream, with the number types that the Kubernetes client gives.
func readObjects(path string) ([]*unstructured.Unstructured, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var found []*unstructured.Unstructured
	for _, document := range splitDocuments(string(text)) {
		plain, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(plain); err != nil {
			return nil, err
		}
		found = append(found, object)
	}
	return found, nil
}

// splitDocuments leaves out documents that hold nothing but comments.
func splitDocuments(text string) []string {
	var documents []string
	for _, each := range regexp.MustCompile(`(?m)^---\s*$`).Split(text, -1) {
		if regexp.MustCompile(`(?m)^\s*[^#\s]`).MatchString(each) {
			documents = append(documents, each)
		}
	}
	return documents
}
