package main

import (
	"encoding/json"
	"os"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

// actions runs the discovery, and the action whether or not it is offered, and writes the merge
// patch that Argo CD would send.
func actions(arguments []string) error {
	discovery, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	action, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	objects, err := readObjects(arguments[2])
	if err != nil {
		return err
	}
	for _, object := range objects {
		offered, err := runLua(string(discovery), object.Object)
		if err != nil {
			return err
		}
		patch, err := patchOf(string(action), object.Object)
		if err != nil {
			return err
		}
		line := map[string]any{"name": object.GetName(), "offered": json.RawMessage(offered),
			"patch": json.RawMessage(patch)}
		if err := say(line); err != nil {
			return err
		}
	}
	return nil
}

func patchOf(action string, object map[string]any) ([]byte, error) {
	returned, err := runLua(action, object)
	if err != nil {
		return nil, err
	}
	after, err := decodeReturned(returned, object)
	if err != nil {
		return nil, err
	}
	was, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	now, err := json.Marshal(after)
	if err != nil {
		return nil, err
	}
	return jsonpatch.CreateMergePatch(was, now)
}
