package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const (
	jsonType       = "application/json"
	mergePatchType = "application/merge-patch+json"
	metadataOnly   = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

	metadataOnlyList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// One server, over keep-alive connections of HTTP/1.1, as the operator uses.
type server struct {
	base          string
	authorization string
	http          *http.Client
	calls         atomic.Int64
}

type bench struct {
	options
	context  context.Context
	end      context.CancelFunc
	kube     *server // as a user who may do everything
	operator *server // as the operator's ServiceAccount
	netbird  *server
}

func connect(o options) (*bench, error) {
	if o.count < 1 || o.connections < 1 {
		return nil, errors.New("-count and -connections must be positive")
	}
	kube, err := newServer(o, o.kubeURL, o.kubeCA, "Bearer ", o.kubeTokenFile)
	if err != nil {
		return nil, err
	}
	operator, err := newServer(o, o.kubeURL, o.kubeCA, "Bearer ", o.operatorTokenFile)
	if err != nil {
		return nil, err
	}
	netbird, err := newServer(o, o.netbirdURL, "", "Token ", o.netbirdTokenFile)
	if err != nil {
		return nil, err
	}
	limited, end := context.WithTimeout(context.Background(), o.timeout)
	return &bench{o, limited, end, kube, operator, netbird}, nil
}

func newServer(o options, base, ca, scheme, tokenFile string) (*server, error) {
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return nil, fmt.Errorf("token of %s: %w", base, err)
	}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 2*o.connections + 4,
		DisableCompression:  true,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", ca)
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	return &server{base: base, authorization: scheme + strings.TrimSpace(string(token)),
		http: &http.Client{Transport: transport}}, nil
}

type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return r.text }

// send returns the answer of a request; one that says no is a refusal.
func (s *server) send(ctx context.Context, method, path, contentType, accept string,
	body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", s.authorization)
	request.Header.Set("Accept", accept)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	s.calls.Add(1)
	response, err := s.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return nil, refusal{response.StatusCode,
			fmt.Sprintf("%s %s: %d %s", method, path, response.StatusCode, text)}
	}
	return response, nil
}

// call sends JSON and reads the answer into out, where that is wanted.
func (s *server) call(ctx context.Context, method, path, contentType, accept string,
	body, out any) error {
	var bytes []byte
	if body != nil {
		var err error
		if bytes, err = json.Marshal(body); err != nil {
			return err
		}
	}
	response, err := s.send(ctx, method, path, contentType, accept, bytes)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	// The body is read to its end either way, or the connection could not serve again.
	all, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(all, out)
}

func (b *bench) setupKeys(rest string) string {
	return "/apis/keys.netbird.io/v1alpha1/namespaces/" + b.namespace + "/setupkeys" + rest
}

func (b *bench) secrets(rest string) string {
	return "/api/v1/namespaces/" + b.namespace + "/secrets" + rest
}

func (b *bench) name(number int) string {
	return fmt.Sprintf("%s-%05d", b.prefix, number)
}

// each runs work for 0..count-1 on that many goroutines and stops at the first error.
func (b *bench) each(count, parallel int, work func(number int) error) error {
	var next atomic.Int64
	failed := make(chan error, parallel)
	for range parallel {
		go func() {
			for {
				number := int(next.Add(1)) - 1
				if number >= count {
					failed <- nil
					return
				}
				if err := work(number); err != nil {
					next.Store(int64(count))
					failed <- err
					return
				}
			}
		}()
	}
	var first error
	for range parallel {
		if err := <-failed; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (b *bench) pause(duration time.Duration) error {
	select {
	case <-b.context.Done():
		return b.context.Err()
	case <-time.After(duration):
		return nil
	}
}
