package main

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"strings"
	"time"
)

// unrelated makes Secrets that are nobody's business here.
func unrelated(b *bench) (figures, error) {
	data := make([]byte, b.secretBytes)
	rand.Read(data)
	value := base64.StdEncoding.EncodeToString(data)
	err := b.each(b.count, b.connections, func(number int) error {
		return b.kube.call(b.context, "POST", b.secrets(""), jsonType, metadataOnly,
			object{"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": b.name(number)},
				"data": object{"value": value}}, nil)
	})
	return figures{"secrets": b.count}, err
}

// cleanup deletes the SetupKeys of this prefix, waits until they are gone, and deletes what they
// leave where no operator runs: all Secrets of SetupKeys there, and their keys at NetBird.
func cleanup(b *bench) (figures, error) {
	set := "?labelSelector=" + url.QueryEscape("set="+b.prefix)
	err := b.kube.call(b.context, "DELETE", b.setupKeys(set), "", metadataOnlyList, nil, nil)
	if err != nil {
		return nil, err
	}
	if b.all {
		if err := b.letGo(set); err != nil {
			return nil, err
		}
	}
	for {
		var left struct {
			Items []shown `json:"items"`
		}
		err := b.kube.call(b.context, "GET", b.setupKeys(set+"&limit=1"), "", jsonType, nil, &left)
		if err != nil {
			return nil, err
		}
		if len(left.Items) == 0 {
			break
		}
		if err := b.pause(50 * time.Millisecond); err != nil {
			return nil, err
		}
	}
	if b.floor || b.itsSecrets {
		ours := "?labelSelector=" + url.QueryEscape("keys.netbird.io/setupkey-uid")
		err := b.kube.call(b.context, "DELETE", b.secrets(ours), "", metadataOnlyList, nil, nil)
		if err != nil {
			return nil, err
		}
	}
	deleted, err := b.deleteKeys()
	return figures{"netbird_keys_deleted": deleted}, err
}

// letGo takes off what prepare has put on; nobody else would.
func (b *bench) letGo(set string) error {
	var all struct {
		Items []shown `json:"items"`
	}
	if err := b.kube.call(b.context, "GET", b.setupKeys(set), "", jsonType, nil, &all); err != nil {
		return err
	}
	return b.each(len(all.Items), b.connections, func(number int) error {
		return b.kube.call(b.context, "PATCH", b.setupKeys("/"+all.Items[number].Metadata.Name),
			mergePatchType, jsonType, object{"metadata": object{"finalizers": nil}}, nil)
	})
}

func (b *bench) deleteKeys() (int, error) {
	var all []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	err := b.netbird.call(b.context, "GET", "/api/setup-keys", "", jsonType, nil, &all)
	if err != nil {
		return 0, err
	}
	var ids []string
	for _, key := range all {
		if strings.HasPrefix(key.Name, b.prefix+"-") {
			ids = append(ids, key.ID)
		}
	}
	return len(ids), b.each(len(ids), b.connections, func(number int) error {
		path := "/api/setup-keys/" + ids[number]
		return b.netbird.call(b.context, "DELETE", path, "", jsonType, nil, nil)
	})
}
