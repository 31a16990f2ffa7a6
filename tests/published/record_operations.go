// Laid over structured-merge-diff's internal/fixture/state.go, whose own TestWithConverter is renamed to held: every
// case of `go test ./merge` prints itself as a line of JSON, with what the library itself makes of each operation.

//go:build ignore

package fixture

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	yaml "go.yaml.in/yaml/v2"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/merge"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

type recordedCase struct {
	Test       string                     `json:"test"`
	Converter  string                     `json:"converter"`
	Filtered   bool                       `json:"filtered"`
	Ignored    map[string]json.RawMessage `json:"ignored"`
	Types      map[string]recordedType    `json:"types"`
	Operations []recordedOperation        `json:"operations"`
	// What the case's own expectations say of the library.
	Refused string `json:"refused"`
}

type recordedType struct {
	Schema    string `json:"schema"`
	Reference string `json:"reference"`
}

type recordedOperation struct {
	Verb      string                     `json:"verb"`
	Manager   string                     `json:"manager"`
	Version   string                     `json:"version"`
	Object    json.RawMessage            `json:"object"`
	Types     map[string]recordedType    `json:"types,omitempty"`
	Refused   string                     `json:"refused"`
	Conflicts []string                   `json:"conflicts"`
	Live      json.RawMessage            `json:"live"`
	Managers  map[string]recordedManager `json:"managers"`
}

type recordedManager struct {
	Version string          `json:"version"`
	Applied bool            `json:"applied"`
	Set     json.RawMessage `json:"set"`
}

// TestWithConverter prints the case, then holds it as the library does.
func (tc TestCase) TestWithConverter(parser Parser, converter merge.Converter) error {
	recorded := recordedCase{Test: calledBy(), Converter: fmt.Sprintf("%T", converter), Ignored: map[string]json.RawMessage{}}
	for version, filter := range tc.IgnoreFilter {
		if fmt.Sprintf("%T", filter) != "fieldpath.excludeFilter" {
			recorded.Filtered = true
			continue
		}
		recorded.Ignored[string(version)] = setText((*fieldpath.Set)(reflect.ValueOf(filter).Field(0).UnsafePointer()))
	}
	for version, set := range tc.IgnoredFields {
		recorded.Ignored[string(version)] = setText(set)
	}
	recorded.Types = typesOf(parser, tc.Ops)
	builder := merge.UpdaterBuilder{
		Converter:         converter,
		IgnoreFilter:      tc.IgnoreFilter,
		IgnoredFields:     tc.IgnoredFields,
		ReturnInputOnNoop: tc.ReturnInputOnNoop,
	}
	state := State{Updater: builder.BuildUpdater(), Parser: parser}
	for _, op := range tc.Ops {
		op = asKubernetesNames(op)
		recorded.Operations = append(recorded.Operations, recordOne(op, &state, tc.Ops))
	}
	refused := tc.held(parser, converter)
	if refused != nil {
		recorded.Refused = refused.Error()
	}
	line, err := json.Marshal(recorded)
	if err != nil {
		panic(err)
	}
	fmt.Printf("\nRECORDED %s\n", line)
	return refused
}

// asKubernetesNames tells appliers from updaters of the same name, and updaters by their versions, as the API server does.
func asKubernetesNames(op Operation) Operation {
	switch o := op.(type) {
	case Apply:
		o.Manager += " Apply"
		return o
	case ForceApply:
		o.Manager += " Apply"
		return o
	case ExtractApply:
		o.Manager += " Apply"
		return o
	case Update:
		o.Manager += " Update " + string(o.APIVersion)
		return o
	}
	return op
}

func recordOne(op Operation, state *State, ops []Operation) recordedOperation {
	var one recordedOperation
	var err error
	switch o := op.(type) {
	case Apply:
		one = recordedOperation{Verb: "apply", Manager: o.Manager, Version: string(o.APIVersion)}
		one.Object = objectText(state.Parser, o.APIVersion, o.Object)
		err = state.Apply(o.Object, o.APIVersion, o.Manager, false)
	case ForceApply:
		one = recordedOperation{Verb: "force", Manager: o.Manager, Version: string(o.APIVersion)}
		one.Object = objectText(state.Parser, o.APIVersion, o.Object)
		err = state.Apply(o.Object, o.APIVersion, o.Manager, true)
	case Update:
		one = recordedOperation{Verb: "update", Manager: o.Manager, Version: string(o.APIVersion)}
		one.Object = objectText(state.Parser, o.APIVersion, o.Object)
		err = state.Update(o.Object, o.APIVersion, o.Manager)
	case ExtractApply:
		one = recordedOperation{Verb: "force", Manager: o.Manager, Version: string(o.APIVersion)}
		one.Object = extracted(o, state)
		err = op.run(state)
	case ChangeParser:
		one = recordedOperation{Verb: "schema", Types: typesOf(o.Parser, ops)}
		err = op.run(state)
	default:
		one = recordedOperation{Verb: fmt.Sprintf("%T", op)}
		err = op.run(state)
	}
	one.Conflicts = []string{}
	if conflicts, ok := err.(merge.Conflicts); ok {
		for _, conflict := range conflicts {
			one.Conflicts = append(one.Conflicts, conflict.Manager+" "+conflict.Path.String())
		}
	} else if err != nil {
		one.Refused = err.Error()
	}
	if state.Live != nil {
		one.Live = valueText(state.Live)
	}
	one.Managers = map[string]recordedManager{}
	for name, set := range state.Managers {
		one.Managers[name] = recordedManager{string(set.APIVersion()), set.Applied(), setText(set.Set())}
	}
	return one
}

// extracted is what a client that extracts its own fields and adds to them would apply.
func extracted(o ExtractApply, state *State) json.RawMessage {
	object, err := state.Parser.Type(string(o.APIVersion)).FromYAML(FixTabsOrDie(o.Object))
	if err != nil {
		return nil
	}
	if manager := state.Managers[o.Manager]; state.Live != nil {
		set := fieldpath.NewSet()
		if manager != nil {
			set = manager.Set().Leaves()
		}
		if object, err = state.Live.ExtractItems(set).Merge(object); err != nil {
			return nil
		}
	}
	return valueText(object)
}

func objectText(parser Parser, version fieldpath.APIVersion, text typed.YAMLObject) json.RawMessage {
	var object interface{}
	if err := yaml.Unmarshal([]byte(FixTabsOrDie(text)), &object); err != nil {
		return nil
	}
	return jsonOf(value.NewValueInterface(object))
}

func valueText(object *typed.TypedValue) json.RawMessage { return jsonOf(object.AsValue()) }

func jsonOf(object value.Value) json.RawMessage {
	text, err := value.ToJSON(object)
	if err != nil {
		panic(err)
	}
	return text
}

func setText(set *fieldpath.Set) json.RawMessage {
	text, err := set.ToJSON()
	if err != nil {
		panic(err)
	}
	return text
}

// typesOf has the type of every version that the operations speak.
func typesOf(parser Parser, ops []Operation) map[string]recordedType {
	types := map[string]recordedType{}
	for _, op := range ops {
		var version fieldpath.APIVersion
		switch o := op.(type) {
		case Apply:
			version = o.APIVersion
		case ForceApply:
			version = o.APIVersion
		case Update:
			version = o.APIVersion
		case ExtractApply:
			version = o.APIVersion
		default:
			continue
		}
		found := parser.Type(string(version))
		types[string(version)] = recordedType{yamlOf(found.Schema), yamlOf(found.TypeRef)}
	}
	return types
}

func yamlOf(any interface{}) string {
	text, err := yaml.Marshal(any)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// calledBy is the Test function that the case stands in.
func calledBy() string {
	frames := make([]uintptr, 16)
	stack := runtime.CallersFrames(frames[:runtime.Callers(2, frames)])
	for {
		frame, more := stack.Next()
		if _, name, ok := strings.Cut(frame.Function, "merge_test."); ok {
			return strings.SplitN(name, ".", 2)[0]
		}
		if !more {
			return ""
		}
	}
}
