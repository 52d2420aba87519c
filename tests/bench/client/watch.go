package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	out := &watched{make(chan string, 1<<17), make(chan error, 1), stop}
	from := &follower{marker: marker, seen: out.seen, version: list.Metadata.ResourceVersion,
		known: map[string]bool{}}
	open := func() (*http.Response, error) {
		version, err := from.resumeAt()
		if err != nil {
			return nil, err
		}
		url := path + "?watch=true&timeoutSeconds=3600&resourceVersion=" + version
		return b.kube.send(ctx, "GET", url, "", accept, nil)
	}
	response, err := open()
	if err != nil {
		stop()
		return nil, err
	}
	go func() {
		for err == nil {
			err = from.follow(bufio.NewReaderSize(response.Body, 1<<20))
			response.Body.Close()
			// The server ends a watch that has fallen behind; it goes on from where it was.
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				response, err = open()
			}
		}
		out.ended <- err
	}()
	return out, nil
}

// follower reads a watch, over as many connections as it takes.
type follower struct {
	marker  []byte
	seen    chan<- string
	version string // where the first connection begins
	last    []byte // the last event: where the next one goes on; decoding each would cost too much
	known   map[string]bool
}

type watchEvent struct {
	Object shown `json:"object"`
}

func decode(line []byte) (watchEvent, error) {
	var event watchEvent
	err := json.Unmarshal(line, &event)
	return event, err
}

func (f *follower) resumeAt() (string, error) {
	if len(f.last) == 0 {
		return f.version, nil
	}
	event, err := decode(f.last)
	return event.Object.Metadata.ResourceVersion, err
}

func (f *follower) follow(lines *bufio.Reader) error {
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("the watch ended: %w", err)
		}
		f.last = append(f.last[:0], line...)
		added := bytes.HasPrefix(line, []byte(`{"type":"ADDED"`))
		failed := bytes.HasPrefix(line, []byte(`{"type":"ERROR"`))
		wanted := f.marker == nil && added || f.marker != nil && bytes.Contains(line, f.marker)
		if failed {
			return fmt.Errorf("the watch cannot go on: %.200s", line)
		}
		if !wanted {
			continue
		}
		event, err := decode(line)
		if err != nil {
			return err
		}
		if name := event.Object.Metadata.Name; !f.known[name] {
			f.known[name] = true
			f.seen <- name
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
