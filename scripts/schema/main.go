// Prints what is fact about the built-in API types as one compact JSON document on standard output: names, wire
// numbers, list types, merge keys, defaults. `generate` beside this file explains how it is used; the layout is
// documented in src/api/schema/layout.ts, its reader.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	imagepolicyv1alpha1 "k8s.io/api/imagepolicy/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

// Versions that client-go still knows and no 1.35 server can serve.
var gone = map[string]bool{
	"admission.k8s.io/v1beta1": true, "apps/v1beta1": true, "apps/v1beta2": true, "authentication.k8s.io/v1beta1": true,
	"authorization.k8s.io/v1beta1": true, "autoscaling/v2beta1": true, "autoscaling/v2beta2": true, "batch/v1beta1": true,
	"discovery.k8s.io/v1beta1": true, "events.k8s.io/v1beta1": true, "extensions/v1beta1": true,
	"flowcontrol.apiserver.k8s.io/v1beta1": true, "flowcontrol.apiserver.k8s.io/v1beta2": true,
	"flowcontrol.apiserver.k8s.io/v1beta3": true, "node.k8s.io/v1alpha1": true, "node.k8s.io/v1beta1": true,
	"policy/v1beta1": true, "rbac.authorization.k8s.io/v1alpha1": true, "rbac.authorization.k8s.io/v1beta1": true,
	"scheduling.k8s.io/v1beta1": true,
}

// Go types with a wire form of their own; what JSON name each has is the reader's ScalarKind.
var scalars = map[string]string{
	"k8s.io/apimachinery/pkg/api/resource.Quantity":                                         "quantity",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString":                                       "intOrString",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":                                             "time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":                                        "microTime",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":                                         "duration",
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":                                         "fieldsV1",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":                                          "rawExtension",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON":                         "json",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool":        "schemaOrBool",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray":       "schemaOrArray",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray": "schemaOrStringArray",
}

const (
	flagRequired    = 1
	flagOmitEmpty   = 2
	flagPointer     = 4
	flagInline      = 8
	flagZeroDefault = 16
	flagAtomic      = 32
	flagGranular    = 64
)

const (
	typeAtomic = 1
	typeProto  = 2
)

// document is what is printed; every string is interned, every type and shape is referred to by its index.
type document struct {
	Version  string           `json:"version"`
	Packages []string         `json:"packages"`
	Names    []string         `json:"names"`
	Shapes   [][]any          `json:"shapes"`
	Types    [][]any          `json:"types"`
	Extras   map[string][]any `json:"extras"`
	Kinds    [][]any          `json:"kinds"`
}

type builder struct {
	document
	packages, names, shapes map[string]int
	types                   map[reflect.Type]int
}

func main() {
	b := &builder{packages: map[string]int{}, names: map[string]int{}, shapes: map[string]int{}, types: map[reflect.Type]int{}}
	b.Version = "v1.35.4"
	b.Extras = map[string][]any{}
	for _, known := range registeredKinds() {
		b.Kinds = append(b.Kinds, []any{known.kind.Group, known.kind.Version, known.kind.Kind, b.typeIndex(known.goType)})
	}
	// Kinds of no object, and yet what pages answer.
	b.typeIndex(reflect.TypeOf(version.Info{}))
	b.typeIndex(reflect.TypeOf(apidiscoveryv2.APIGroupDiscoveryList{}))
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(b.document); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type registered struct {
	kind   schema.GroupVersionKind
	goType reflect.Type
}

func registeredKinds() []registered {
	all := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		scheme.AddToScheme, admissionv1.AddToScheme, imagepolicyv1alpha1.AddToScheme, apiextensionsv1.AddToScheme,
		apiregistrationv1.AddToScheme, metricsv1beta1.AddToScheme, metav1.AddMetaToScheme,
	} {
		if err := add(all); err != nil {
			panic(err)
		}
	}
	var found []registered
	for kind, goType := range all.AllKnownTypes() {
		own := kind.GroupVersion().String()
		ofMeta := goType.PkgPath() == "k8s.io/apimachinery/pkg/apis/meta/v1"
		if gone[own] || kind.Version == runtime.APIVersionInternal || (ofMeta && own != "v1" && own != "meta.k8s.io/v1") {
			continue
		}
		found = append(found, registered{kind, goType})
	}
	sort.Slice(found, func(i, j int) bool { return found[i].kind.String() < found[j].kind.String() })
	return found
}

func intern(list *[]string, index map[string]int, text string) int {
	if at, ok := index[text]; ok {
		return at
	}
	index[text] = len(*list)
	*list = append(*list, text)
	return index[text]
}

// typeIndex gives the index of a struct type, describing it at its first use.
func (b *builder) typeIndex(t reflect.Type) int {
	if at, ok := b.types[t]; ok {
		return at
	}
	at := len(b.Types)
	b.types[t] = at
	b.Types = append(b.Types, nil)
	definition := openapiOf(t)
	flags := 0
	if definition.mapType == "atomic" {
		flags |= typeAtomic
	}
	if hasMarshal(t) {
		flags |= typeProto
	}
	row := []any{intern(&b.Packages, b.packages, t.PkgPath()), t.Name(), flags}
	for i := 0; i < t.NumField(); i++ {
		row = append(row, b.field(at, t.Field(i), definition)...)
	}
	b.Types[at] = row
	return at
}

// field gives the four numbers of one struct field: name, shape, protobuf number, flags; nothing for one that is in no wire form.
func (b *builder) field(owner int, f reflect.StructField, definition definition) []any {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	inline := strings.Contains(options, "inline") || (f.Anonymous && name == "")
	if name == "-" || !f.IsExported() || (name == "" && !inline) {
		return nil
	}
	flags := 0
	goType := f.Type
	if goType.Kind() == reflect.Pointer {
		flags |= flagPointer
		goType = goType.Elem()
	}
	if inline {
		flags |= flagInline
		name = f.Name
	}
	omitted := strings.Contains(options, "omitempty") && f.Type.Kind() != reflect.Struct
	if omitted || strings.Contains(options, "omitzero") {
		flags |= flagOmitEmpty
	}
	property := definition.properties[name]
	if definition.required[name] {
		flags |= flagRequired
	}
	if property.zeroDefault {
		flags |= flagZeroDefault
	}
	if property.mapType == "atomic" {
		flags |= flagAtomic
	}
	if property.mapType == "granular" && isAtomic(goType) {
		flags |= flagGranular
	}
	nameIndex := intern(&b.Names, b.names, name)
	b.extras(fmt.Sprintf("%d.%d", owner, nameIndex), f, property)
	return []any{nameIndex, b.shape(goType, property), protoNumber(f), flags}
}

// isAtomic tells whether a struct is replaced as a whole where its field says nothing else.
func isAtomic(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && openapiOf(t).mapType == "atomic"
}

// extras notes the rare facts of a field: default, enum, patch strategy, patch merge key.
func (b *builder) extras(key string, f reflect.StructField, property property) {
	strategy, mergeKey := f.Tag.Get("patchStrategy"), f.Tag.Get("patchMergeKey")
	if property.defaultValue == nil && property.enum == nil && strategy == "" && mergeKey == "" {
		return
	}
	b.Extras[key] = []any{property.defaultValue, property.enum, strategy, mergeKey}
}

// shape gives the index of a value's shape: a scalar's name, an object's type, a list, a map or a wrapped list.
func (b *builder) shape(t reflect.Type, property property) int {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var shape []any
	switch special, ok := scalars[t.PkgPath()+"."+t.Name()]; {
	case ok:
		shape = []any{special, t.String()}
	case t.Kind() == reflect.Struct:
		shape = []any{"object", b.typeIndex(t)}
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		shape = []any{"bytes", t.String()}
	case t.Kind() == reflect.Slice:
		shape = []any{"list", b.shape(t.Elem(), property.items()), property.listType, property.listMapKeys, hasMarshal(t), t.String()}
	case t.Kind() == reflect.Map:
		shape = []any{"map", b.shape(t.Elem(), property.items()), t.String()}
	default:
		shape = []any{scalarOf(t), t.String()}
	}
	key := fmt.Sprint(shape...)
	if at, ok := b.shapes[key]; ok {
		return at
	}
	b.shapes[key] = len(b.Shapes)
	b.Shapes = append(b.Shapes, shape)
	return b.shapes[key]
}

func scalarOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32:
		return "int32"
	case reflect.Int, reflect.Int64:
		return "int64"
	case reflect.Uint32:
		return "uint32"
	case reflect.Uint64:
		return "uint64"
	case reflect.Float64:
		return "double"
	case reflect.Interface:
		return "any"
	}
	panic("no scalar for " + t.String())
}

// hasMarshal tells whether a type has a protobuf message of its own.
func hasMarshal(t reflect.Type) bool {
	_, ok := reflect.PointerTo(t).MethodByName("MarshalToSizedBuffer")
	return ok
}

func protoNumber(f reflect.StructField) int {
	parts := strings.Split(f.Tag.Get("protobuf"), ",")
	if len(parts) < 2 {
		return 0
	}
	number := 0
	if _, err := fmt.Sscan(parts[1], &number); err != nil {
		panic(f.Name + ": " + err.Error())
	}
	return number
}
