package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

var setupKeys = schema.GroupVersionResource{
	Group: "keys.netbird.io", Version: "v1alpha1", Resource: "setupkeys"}

// watchObject writes every state that the API server reports, so that none between two looks is
// missed. A watch from no resourceVersion begins with the present state.
func watchObject(arguments []string) error {
	source, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	cluster, err := connect()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	only := fields.OneTermEqualSelector("metadata.name", arguments[2]).String()
	stream, err := cluster.dynamic.Resource(setupKeys).Namespace(arguments[1]).Watch(
		ctx, v1.ListOptions{FieldSelector: only})
	if err != nil {
		return err
	}
	if err := say(map[string]string{"event": "WATCHING"}); err != nil {
		return err
	}
	for event := range stream.ResultChan() {
		object, isObject := event.Object.(*unstructured.Unstructured)
		if !isObject || event.Type == watch.Error {
			return fmt.Errorf("the watch failed: %v", event.Object)
		}
		if err := sayState(script(source), event.Type, object); err != nil {
			return err
		}
	}
	if ctx.Err() == nil {
		return fmt.Errorf("the API server ended the watch")
	}
	return nil
}

func sayState(s script, kind watch.EventType, object *unstructured.Unstructured) error {
	found, err := judged(s, object)
	if err != nil {
		return err
	}
	conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
	if err != nil {
		return err
	}
	shown := map[string]string{}
	for _, each := range conditions {
		condition := each.(map[string]any)
		shown[condition["type"].(string)] = fmt.Sprintf("%v %v", condition["status"], condition["reason"])
	}
	revision, _, _ := unstructured.NestedInt64(object.Object, "status", "revision")
	return say(struct {
		Event string `json:"event"`
		verdict
		Revision        int64             `json:"revision"`
		ResourceVersion string            `json:"resourceVersion"`
		Conditions      map[string]string `json:"conditions"`
	}{string(kind), found, revision, object.GetResourceVersion(), shown})
}
