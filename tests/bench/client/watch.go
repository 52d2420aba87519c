package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// In a custom resource as kube-apiserver writes it, the entries of an object come in order.
var readyTrue = []byte(`"status":"True","type":"Ready"`)

// Learns the names of the objects of one collection that appear, each once.
type watched struct {
	seen  chan string
	ended chan error
	stop  context.CancelFunc
}

// watch shows the names of objects from now on: those whose event holds the marker, or all that are
// added where there is none.
func (b *bench) watch(path, accept string, marker []byte) (*watched, error) {
	var list struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	}
	if err := b.kube.call(b.context, "GET", path+"?limit=1", "", jsonType, nil, &list); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(b.context)
	from := path + "?watch=true&timeoutSeconds=3600&resourceVersion=" + list.Metadata.ResourceVersion
	response, err := b.kube.send(ctx, "GET", from, "", accept, nil)
	if err != nil {
		stop()
		return nil, err
	}
	out := &watched{make(chan string, 1<<17), make(chan error, 1), stop}
	go func() {
		defer response.Body.Close()
		out.ended <- follow(bufio.NewReaderSize(response.Body, 1<<20), marker, out.seen)
	}()
	return out, nil
}

func follow(lines *bufio.Reader, marker []byte, seen chan<- string) error {
	known := map[string]bool{}
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("the watch ended: %w", err)
		}
		added := bytes.HasPrefix(line, []byte(`{"type":"ADDED"`))
		if marker == nil && !added || marker != nil && !bytes.Contains(line, marker) {
			continue
		}
		var event struct {
			Type   string `json:"type"`
			Object shown  `json:"object"`
		}
		if err := json.Unmarshal(line, &event); err != nil {
			return err
		}
		if event.Type == "ERROR" {
			return fmt.Errorf("the watch cannot go on: %.200s", line)
		}
		if name := event.Object.Metadata.Name; !known[name] {
			known[name] = true
			seen <- name
		}
	}
}

func (w *watched) await(ctx context.Context, name string) error {
	for {
		select {
		case found := <-w.seen:
			if found == name {
				return nil
			}
		case err := <-w.ended:
			return err
		case <-ctx.Done():
			return fmt.Errorf("%s was not seen: %w", name, ctx.Err())
		}
	}
}

// awaitAll waits for that many different names.
func (w *watched) awaitAll(ctx context.Context, count int) error {
	for number := range count {
		select {
		case <-w.seen:
		case err := <-w.ended:
			return err
		case <-ctx.Done():
			return fmt.Errorf("only %d of %d were seen: %w", number, count, ctx.Err())
		}
	}
	return nil
}

// both runs two things at once; when one fails the other is ended.
func (b *bench) both(one, other func() error) error {
	var group sync.WaitGroup
	var once sync.Once
	var first error
	for _, work := range []func() error{one, other} {
		group.Add(1)
		go func() {
			defer group.Done()
			if err := work(); err != nil {
				once.Do(func() {
					first = err
					b.end()
				})
			}
		}()
	}
	group.Wait()
	return first
}
