package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

type object = map[string]any

// What is needed of an object that a server showed.
type shown struct {
	Metadata struct {
		Name            string `json:"name"`
		UID             string `json:"uid"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
}

type setupKey struct{ name, uid, version string }

func (b *bench) createSetupKey(number int) (setupKey, error) {
	name := b.name(number)
	body := object{"apiVersion": "keys.netbird.io/v1alpha1", "kind": "SetupKey",
		"metadata": object{"name": name, "labels": object{"set": b.prefix}},
		"spec":     object{}}
	var made shown
	err := b.kube.call(b.context, "POST", b.setupKeys(""), jsonType, jsonType, body, &made)
	return setupKey{name, made.Metadata.UID, made.Metadata.ResourceVersion}, err
}

func hexDigest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func rfc3339(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func condition(kind, status, reason, message string) object {
	return object{"type": kind, "status": status, "reason": reason, "message": message,
		"lastTransitionTime": rfc3339(time.Now()), "observedGeneration": 1}
}

// patchStatus writes under the precondition that the operator sets, and takes over the new version.
func (b *bench) patchStatus(key *setupKey, status object) error {
	var now shown
	err := b.operator.call(b.context, "PATCH", b.setupKeys("/"+key.name+"/status"), mergePatchType,
		jsonType, object{
			"metadata": object{"uid": key.uid, "resourceVersion": key.version},
			"status":   status}, &now)
	key.version = now.Metadata.ResourceVersion
	return err
}

// prepare makes the calls that the floor leaves out: the finalizer, and the look whether somebody
// else's Secret is in the way.
func (b *bench) prepare(key *setupKey) error {
	var now shown
	err := b.operator.call(b.context, "PATCH", b.setupKeys("/"+key.name), mergePatchType, jsonType,
		object{"metadata": object{"uid": key.uid, "resourceVersion": key.version,
			"finalizers": []string{"keys.netbird.io/setup-key"}}}, &now)
	if err != nil {
		return err
	}
	key.version = now.Metadata.ResourceVersion
	err = b.operator.call(b.context, "GET", b.secrets("/"+key.name), "", metadataOnly, nil, nil)
	var refused refusal
	if errors.As(err, &refused) && refused.status == 404 {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("Secret %s is there already", key.name)
	}
	return err
}

type issuedKey struct {
	ID  string `json:"id"`
	Key string `json:"key"`
}

func (b *bench) claim(key *setupKey) error {
	return b.patchStatus(key, object{
		"observedGeneration": 1, "lastRevision": 1,
		"claim": object{"revision": 1, "since": rfc3339(time.Now()), "reason": "FirstIssue"},
		"conditions": []object{
			condition("Ready", "False", "Progressing", "a key is being issued (FirstIssue)"),
			condition("KeyValid", "False", "NoKey", "there is no key yet"),
			condition("Reconciling", "True", "Progressing", "a key is being issued (FirstIssue)"),
		}})
}

func (b *bench) post(key *setupKey) (issuedKey, error) {
	var made issuedKey
	err := b.netbird.call(b.context, "POST", "/api/setup-keys", jsonType, jsonType, object{
		"name": key.name + " [k8s-" + hexDigest(key.uid)[:16] + "-r1]", "type": "reusable",
		"expires_in": 2592000, "auto_groups": []string{}, "usage_limit": 0, "ephemeral": false,
		"allow_extra_dns_labels": false}, &made)
	return made, err
}

func (b *bench) createSecret(key *setupKey, issued issuedKey) error {
	now := time.Now()
	return b.operator.call(b.context, "POST", b.secrets(""), jsonType, metadataOnly, object{
		"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
		"data": object{"setup-key": base64.StdEncoding.EncodeToString([]byte(issued.Key))},
		"metadata": object{
			"name": key.name,
			"labels": object{"keys.netbird.io/setupkey-uid": key.uid,
				"app.kubernetes.io/managed-by": "nbkeys"},
			"annotations": object{
				"keys.netbird.io/key-id": issued.ID, "keys.netbird.io/revision": "1",
				"keys.netbird.io/digest":     hexDigest(issued.Key),
				"keys.netbird.io/settings":   hexDigest(key.name)[:16],
				"keys.netbird.io/issued-at":  rfc3339(now),
				"keys.netbird.io/expires-at": rfc3339(now.Add(720 * time.Hour))},
			"ownerReferences": []object{{"apiVersion": "keys.netbird.io/v1alpha1",
				"kind": "SetupKey", "name": key.name, "uid": key.uid, "controller": true,
				"blockOwnerDeletion": true}}}}, &shown{})
}

func (b *bench) finish(key *setupKey, issued issuedKey) error {
	now := time.Now()
	message := "key " + issued.ID + " is in Secret " + key.name
	return b.patchStatus(key, object{
		"state": "valid", "keyID": issued.ID, "keyPrefix": issued.Key[:5],
		"keyDigest": hexDigest(issued.Key), "settingsDigest": hexDigest(key.name)[:16],
		"revision": 1, "claim": nil, "binding": object{"name": key.name, "uid": key.uid},
		"issuedAt": rfc3339(now), "expiresAt": rfc3339(now.Add(720 * time.Hour)),
		"renewalTime": rfc3339(now.Add(480 * time.Hour)), "usedTimes": 0,
		"conditions": []object{
			condition("Ready", "True", "Issued", message),
			condition("KeyValid", "True", "Valid", message),
		}})
}
