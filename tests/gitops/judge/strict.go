package main

import (
	"fmt"
	"os"

	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	"sigs.k8s.io/yaml"
)

// Flux's kinds by apiVersion and kind. A field that such a type does not have is a misspelt one.
var fluxKinds = map[string]func() any{
	"source.toolkit.fluxcd.io/v1 GitRepository":    func() any { return &source.GitRepository{} },
	"source.toolkit.fluxcd.io/v1 OCIRepository":    func() any { return &source.OCIRepository{} },
	"source.toolkit.fluxcd.io/v1 HelmRepository":   func() any { return &source.HelmRepository{} },
	"kustomize.toolkit.fluxcd.io/v1 Kustomization": func() any { return &kustomize.Kustomization{} },
	"helm.toolkit.fluxcd.io/v2 HelmRelease":        func() any { return &helm.HelmRelease{} },
}

func strict(paths []string) error {
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		objects, err := readObjects(path)
		if err != nil {
			return err
		}
		for i, document := range splitDocuments(string(text)) {
			kind := objects[i].GetAPIVersion() + " " + objects[i].GetKind()
			made, known := fluxKinds[kind]
			if !known {
				return fmt.Errorf("%s: no Flux kind: %s", path, kind)
			}
			if err := yaml.UnmarshalStrict([]byte(document), made()); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if err := say(map[string]string{"kind": kind, "name": objects[i].GetName()}); err != nil {
				return err
			}
		}
	}
	return nil
}
