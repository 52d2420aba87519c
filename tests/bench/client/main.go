// The load of the bench: makes SetupKeys and measures, makes the operator's calls without any of
// its logic (the floor), fills the cluster with strangers' Secrets, and takes all that away again.
// Prints one JSON object.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"syscall"
	"time"
)

type options struct {
	kubeURL, kubeCA, kubeTokenFile string
	operatorTokenFile              string
	netbirdURL, netbirdTokenFile   string
	namespace, prefix              string
	count, connections             int
	existing, all                  bool
	secretBytes                    int
	floor, itsSecrets              bool
	timeout                        time.Duration
}

// A command returns figures by name; main adds the time and CPU that it took.
type figures map[string]any

var commands = map[string]func(*bench) (figures, error){
	"create":    create,    // -count SetupKeys; returns when the operator has made all of them Ready
	"floor":     floor,     // the same, with the calls made here; -existing: create all of them first
	"latency":   latency,   // one at a time, until the Secret is seen; -floor: the calls made here
	"unrelated": unrelated, // -count Secrets of -bytes that nobody looks at
	"cleanup":   cleanup,   // what -prefix made in -namespace, and at NetBird
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func names() string {
	all := make([]string, 0, len(commands))
	for name := range commands {
		all = append(all, name)
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}

func run(args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		return fmt.Errorf("the first word must be one of: %s", names())
	}
	var o options
	set := flag.NewFlagSet(args[0], flag.ContinueOnError)
	set.StringVar(&o.kubeURL, "kube-url", "", "address of kube-apiserver")
	set.StringVar(&o.kubeCA, "kube-ca", "", "PEM file with its CA")
	set.StringVar(&o.kubeTokenFile, "kube-token-file", "", "file with a bearer token")
	set.StringVar(&o.operatorTokenFile, "operator-token-file", "", "file with the operator's token")
	set.StringVar(&o.netbirdURL, "netbird-url", "", "address of NetBird")
	set.StringVar(&o.netbirdTokenFile, "netbird-token-file", "", "file with an access token")
	set.StringVar(&o.namespace, "namespace", "bench", "where the objects are made")
	set.StringVar(&o.prefix, "prefix", "key", "what their names begin with")
	set.IntVar(&o.count, "count", 1000, "how many")
	set.IntVar(&o.connections, "connections", 8, "how many requests at once")
	set.BoolVar(&o.existing, "existing", false, "floor: begin only when all SetupKeys are there")
	set.BoolVar(&o.all, "all", false, "floor: make the finalizer and the look for the Secret, too")
	set.BoolVar(&o.floor, "floor", false, "latency: make the operator's calls")
	set.BoolVar(&o.itsSecrets, "secrets", false, "cleanup: the Secrets at once, also with an operator")
	set.IntVar(&o.secretBytes, "bytes", 4096, "unrelated: size of a Secret's data")
	set.DurationVar(&o.timeout, "timeout", 10*time.Minute, "for the whole command")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	b, err := connect(o)
	if err != nil {
		return err
	}
	defer b.end()
	began := time.Now()
	out, err := commands[args[0]](b)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if _, told := out["seconds"]; !told {
		out["seconds"] = time.Since(began).Seconds()
	}
	out["client_cpu_seconds"] = cpuSeconds()
	return json.NewEncoder(os.Stdout).Encode(out)
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}
