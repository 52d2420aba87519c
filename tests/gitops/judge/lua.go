package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"
	luajson "layeh.com/gopher-json"
)

// runLua runs a script as Argo CD runs one from its ConfigMap: the package, base and table
// libraries, of os only time and date and only by require, one second, and the object as `obj`.
// There is no string and no math library. Returns what the script returned, as JSON.
func runLua(script string, object map[string]any) ([]byte, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	libraries := []struct {
		name string
		open lua.LGFunction
	}{
		{lua.LoadLibName, lua.OpenPackage},
		{lua.BaseLibName, lua.OpenBase},
		{lua.TabLibName, lua.OpenTable},
	}
	for _, each := range libraries {
		call := lua.P{Fn: state.NewFunction(each.open), NRet: 0, Protect: true}
		if err := state.CallByParam(call, lua.LString(each.name)); err != nil {
			return nil, err
		}
	}
	state.PreloadModule(lua.OsLibName, loadSafeOs)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(script); err != nil {
		return nil, err
	}
	returned := state.Get(-1)
	if returned.Type() != lua.LTTable {
		return nil, fmt.Errorf("expect table output from Lua script, not %s", returned.Type())
	}
	return luajson.Encode(returned)
}

// loadSafeOs takes the two harmless functions out of the real library, which is opened in a state
// of its own so that the script's never has the rest.
func loadSafeOs(state *lua.LState) int {
	whole := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer whole.Close()
	lua.OpenOs(whole)
	library := whole.GetGlobal(lua.OsLibName).(*lua.LTable)
	safe := state.NewTable()
	for _, name := range []string{"time", "date"} {
		function := library.RawGetString(name).(*lua.LFunction)
		safe.RawSetString(name, state.NewFunction(function.GFunction))
	}
	state.Push(safe)
	return 1
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch known := value.(type) {
	case bool:
		return lua.LBool(known)
	case string:
		return lua.LString(known)
	case float64:
		return lua.LNumber(known)
	case int64:
		return lua.LNumber(known)
	case []any:
		table := state.CreateTable(len(known), 0)
		for _, each := range known {
			table.Append(toLua(state, each))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(known))
		for key, each := range known {
			table.RawSetString(key, toLua(state, each))
		}
		return table
	}
	return lua.LNil
}

// decodeReturned reads a returned object and gives empty maps back their kind: to Lua an empty map
// and an empty list are the same. Argo CD mends its actions' results in the same way.
func decodeReturned(text []byte, before map[string]any) (map[string]any, error) {
	var after map[string]any
	if err := json.Unmarshal(text, &after); err != nil {
		return nil, err
	}
	return mend(after, before).(map[string]any), nil
}

func mend(after, before any) any {
	switch now := after.(type) {
	case map[string]any:
		was, same := before.(map[string]any)
		if !same {
			return now
		}
		for key, value := range now {
			if old, existed := was[key]; existed {
				now[key] = mend(value, old)
			}
		}
	case []any:
		if was, isMap := before.(map[string]any); isMap && len(now) == 0 {
			return was
		}
		was, _ := before.([]any)
		for i := range min(len(now), len(was)) {
			now[i] = mend(now[i], was[i])
		}
	}
	return after
}
