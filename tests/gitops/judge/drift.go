package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/managedfields"
)

// dryRunner is the server-side apply that Argo CD asks for when it compares server-side.
type dryRunner struct{ cluster *cluster }

func (d dryRunner) Run(
	ctx context.Context, object *unstructured.Unstructured, manager string,
) (string, error) {
	resources, err := d.cluster.of(object)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(object)
	if err != nil {
		return "", err
	}
	force := true
	applied, err := resources.Patch(ctx, object.GetName(), types.ApplyPatchType, text,
		v1.PatchOptions{DryRun: []string{v1.DryRunAll}, Force: &force, FieldManager: manager})
	if err != nil {
		return "", err
	}
	answer, err := json.Marshal(applied)
	return string(answer), err
}

// drift compares each manifest with what the cluster holds in the ways that Argo CD knows.
func drift(arguments []string) error {
	manager := arguments[0]
	manifests, err := readObjects(arguments[1])
	if err != nil {
		return err
	}
	cluster, err := connect()
	if err != nil {
		return err
	}
	schemas, err := cluster.parser()
	if err != nil {
		return err
	}
	ways := []struct {
		name    string
		options []diff.Option
	}{
		{"default", nil},
		{"structured-merge", []diff.Option{diff.WithStructuredMergeDiff(true)}},
		{"server-side", []diff.Option{diff.WithServerSideDiff(true),
			diff.WithServerSideDryRunner(dryRunner{cluster})}},
	}
	for _, manifest := range manifests {
		resources, err := cluster.of(manifest)
		if err != nil {
			return err
		}
		live, err := resources.Get(context.Background(), manifest.GetName(), v1.GetOptions{})
		if err != nil {
			return err
		}
		for _, way := range ways {
			options := append(way.options, diff.WithManager(manager), diff.WithGVKParser(schemas))
			found, err := diff.Diff(manifest.DeepCopy(), live.DeepCopy(), options...)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", manifest.GetName(), way.name, err)
			}
			line := map[string]any{"kind": manifest.GetKind(), "name": manifest.GetName(),
				"way": way.name, "modified": found.Modified}
			if found.Modified {
				line["live"] = json.RawMessage(found.NormalizedLive)
				line["wanted"] = json.RawMessage(found.PredictedLive)
			}
			if err := say(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// parser knows the types of all kinds of the cluster, ours from the CRD.
func (c *cluster) parser() (*managedfields.GvkParser, error) {
	argo := &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}
	_, made, err := argo.LoadOpenAPISchema(c.config)
	return made, err
}
