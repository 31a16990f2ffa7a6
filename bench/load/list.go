package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const pageObjects = 500

// gzipped is what client-go asks for and unpacks by itself, plain what clients of other languages mostly do.
const (
	gzipped = ""
	plain   = "identity"
)

// listWith reads lists raw, because a client that decodes them measures itself.
func listWith(accept, packing, selector string) workload {
	return func(t *target, objects int) (result, error) {
		name, n := listNamespace(objects), t.times(objects)
		if err := t.fill(name, n); err != nil {
			return result{}, err
		}
		lists := 400_000 / objects
		if selector != "" {
			lists *= 5
		}
		return t.measured(max(1, lists), 2, func(client kubernetes.Interface, _ int) error {
			request := rawClient(client).Get().Namespace(name).Resource("configmaps").SetHeader("Accept", accept)
			if packing != gzipped {
				request = request.SetHeader("Accept-Encoding", packing)
			}
			if selector != "" {
				request = request.Param("labelSelector", selector)
			}
			body, err := request.DoRaw(ctx)
			if err == nil && selector == "" && len(body) < 100*n/2 {
				return fmt.Errorf("list of %d bytes is too short", len(body))
			}
			return err
		})
	}
}

// runPagedList reads whole lists in pages, following the continue tokens.
func runPagedList(t *target, objects int) (result, error) {
	name, n := listNamespace(objects), t.times(objects)
	if err := t.fill(name, n); err != nil {
		return result{}, err
	}
	return t.measured(max(1, 200_000/objects), 2, func(client kubernetes.Interface, _ int) error {
		token := ""
		for {
			request := rawClient(client).Get().Namespace(name).Resource("configmaps").SetHeader("Accept", "application/json").
				Param("limit", fmt.Sprint(pageObjects)).Param("continue", token)
			body, err := request.DoRaw(ctx)
			if err != nil {
				return err
			}
			if token, err = nextPage(body); err != nil || token == "" {
				return err
			}
		}
	})
}

// nextPage reads no further than to the end of the list's metadata, which stand before its items: a client that looks at
// those costs five times what the server does, and measures itself.
func nextPage(body []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	for {
		word, err := decoder.Token()
		if err != nil {
			return "", fmt.Errorf("a page without metadata: %w", err)
		}
		if word == "metadata" {
			var metadata metav1.ListMeta
			err := decoder.Decode(&metadata)
			return metadata.Continue, err
		}
	}
}

// runMemory only makes sure that the objects are there and have been listed once; the memory is in every result.
func runMemory(t *target, objects int) (result, error) {
	// Nobody answers for hollow nodes: a while after they were made, controllers give each of them up.
	if err := t.setNodes(0); err != nil {
		return result{}, err
	}
	name, n := listNamespace(objects), t.times(objects)
	if err := t.fill(name, n); err != nil {
		return result{}, err
	}
	return t.once(1, func() error { return nil })
}

func listNamespace(objects int) string { return fmt.Sprintf("bench-list-%d", objects) }

func rawClient(client kubernetes.Interface) *rest.RESTClient {
	return client.CoreV1().RESTClient().(*rest.RESTClient)
}

func (t *target) fill(name string, n int) error {
	if err := t.ensureNamespace(name); err != nil {
		return err
	}
	if _, err := t.client.CoreV1().ConfigMaps(name).Get(ctx, configMap(n-1).Name, metav1.GetOptions{}); err == nil {
		return nil
	}
	_, err := t.measured(n, fillers, func(client kubernetes.Interface, i int) error {
		_, err := client.CoreV1().ConfigMaps(name).Create(ctx, configMap(i), metav1.CreateOptions{})
		return err
	})
	return err
}
