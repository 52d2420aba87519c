// judge says of SetupKeys what Argo CD and Flux would say, with the libraries that those are made
// of. Every command writes JSON lines.
//
//	judge health LUA FILE...            what Argo CD and Flux show of the objects in the files
//	judge actions DISCOVERY ACTION FILE the action, whether it is offered, and the patch it makes
//	judge watch LUA NAMESPACE NAME      each state of a live object, until the standard input ends
//	judge drift MANAGER FILE            Argo CD's three ways to compare manifests with the cluster
//	judge strict FILE...                reads Flux's kinds and refuses unknown fields
//
// watch and drift find the cluster by KUBECONFIG.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

type command struct {
	arguments int
	open      bool // further arguments may follow
	run       func(arguments []string) error
}

var commands = map[string]command{
	"health":  {2, true, health},
	"actions": {3, false, actions},
	"watch":   {3, false, watchObject},
	"drift":   {2, false, drift},
	"strict":  {1, true, strict},
}

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("a command is missing"))
	}
	chosen, known := commands[os.Args[1]]
	given := os.Args[2:]
	if !known || len(given) < chosen.arguments || (!chosen.open && len(given) > chosen.arguments) {
		fail(fmt.Errorf("unknown command or wrong number of arguments: %q", os.Args[1:]))
	}
	if err := chosen.run(given); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "judge:", err)
	os.Exit(1)
}

// say writes one line at once, because whoever reads it may be waiting for it.
func say(line any) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(text))
	return err
}
