package main

import (
	"reflect"

	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kubernetes/pkg/generated/openapi"
)

var definitions = openapi.GetOpenAPIDefinitions(func(name string) spec.Ref { return spec.MustCreateRef("#/" + name) })

// definition is what the OpenAPI markers of a struct type say.
type definition struct {
	required   map[string]bool
	properties map[string]property
	mapType    string
}

// property is what the markers of one field say.
type property struct {
	defaultValue any
	zeroDefault  bool
	enum         []any
	listType     string
	listMapKeys  []string
	mapType      string
	inner        *property
}

func (p property) items() property {
	if p.inner == nil {
		return property{}
	}
	return *p.inner
}

func openapiOf(t reflect.Type) definition {
	found, ok := definitions[modelName(t)]
	if !ok {
		return definition{}
	}
	return readDefinition(found)
}

func modelName(t reflect.Type) string {
	if named, ok := reflect.New(t).Interface().(interface{ OpenAPIModelName() string }); ok {
		return named.OpenAPIModelName()
	}
	return t.PkgPath() + "." + t.Name()
}

func readDefinition(from common.OpenAPIDefinition) definition {
	read := definition{required: map[string]bool{}, properties: map[string]property{}}
	read.mapType, _ = from.Schema.Extensions.GetString("x-kubernetes-map-type")
	for _, name := range from.Schema.Required {
		read.required[name] = true
	}
	for name, schema := range from.Schema.Properties {
		read.properties[name] = readProperty(schema)
	}
	return read
}

func readProperty(from spec.Schema) property {
	read := property{enum: from.Enum}
	read.listType, _ = from.Extensions.GetString("x-kubernetes-list-type")
	read.listMapKeys, _ = from.Extensions.GetStringSlice("x-kubernetes-list-map-keys")
	read.mapType, _ = from.Extensions.GetString("x-kubernetes-map-type")
	if from.Default != nil {
		if isZero(from.Default) {
			read.zeroDefault = true
		} else {
			read.defaultValue = from.Default
		}
	}
	if from.Items != nil && from.Items.Schema != nil {
		inner := readProperty(*from.Items.Schema)
		read.inner = &inner
		if read.enum == nil {
			read.enum = inner.enum
		}
	} else if from.AdditionalProperties != nil && from.AdditionalProperties.Schema != nil {
		inner := readProperty(*from.AdditionalProperties.Schema)
		read.inner = &inner
		if read.enum == nil {
			read.enum = inner.enum
		}
	}
	return read
}

// isZero tells the defaults that only repeat Go's zero value from those that a `+default` marker gave.
func isZero(value any) bool {
	v := reflect.ValueOf(value)
	return v.IsZero() || (v.Kind() == reflect.Map && v.Len() == 0)
}
