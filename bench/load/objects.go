package main

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

const (
	namespace = "bench"
	listed    = "bench-list"
	workers   = 32
)

var ctx = context.Background()

// configMap has about 1 KB of data.
func configMap(i int) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("object-%06d", i), Labels: map[string]string{"app": "bench"}},
		Data:       map[string]string{"data": strings.Repeat("x", 900)},
	}
}

func (t *target) ensureNamespace(name string) error {
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	_, err := t.client.CoreV1().Namespaces().Create(ctx, object, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func runCreate(t *target) (result, error) {
	if err := t.ensureNamespace(namespace); err != nil {
		return result{}, err
	}
	maps := t.client.CoreV1().ConfigMaps(namespace)
	return t.measured(t.times(6000), workers, func(i int) error {
		_, err := maps.Create(ctx, configMap(i), metav1.CreateOptions{})
		return err
	})
}

func runGet(t *target) (result, error) {
	maps := t.client.CoreV1().ConfigMaps(namespace)
	return t.measured(t.times(10000), workers, func(i int) error {
		_, err := maps.Get(ctx, configMap(i%t.times(6000)).Name, metav1.GetOptions{})
		return err
	})
}

func runPatch(t *target) (result, error) {
	maps := t.client.CoreV1().ConfigMaps(namespace)
	return t.measured(t.times(5000), workers, func(i int) error {
		patch := fmt.Appendf(nil, `{"data":{"patched":"%d"}}`, i)
		_, err := maps.Patch(ctx, configMap(i%t.times(6000)).Name, types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	})
}

func runDelete(t *target) (result, error) {
	maps := t.client.CoreV1().ConfigMaps(namespace)
	return t.measured(t.times(6000), workers, func(i int) error {
		return maps.Delete(ctx, configMap(i).Name, metav1.DeleteOptions{})
	})
}

// listWith reads lists of 5,000 raw, because a client that decodes them measures itself.
func listWith(accept string) func(*target) (result, error) {
	return func(t *target) (result, error) {
		if err := t.fillList(t.times(5000)); err != nil {
			return result{}, err
		}
		client := t.client.CoreV1().RESTClient().(*rest.RESTClient)
		return t.measured(t.times(40), 2, func(int) error {
			body, err := client.Get().Namespace(listed).Resource("configmaps").SetHeader("Accept", accept).DoRaw(ctx)
			if err == nil && len(body) < 100*t.times(5000)/2 {
				return fmt.Errorf("list of %d bytes is too short", len(body))
			}
			return err
		})
	}
}

func (t *target) fillList(n int) error {
	if err := t.ensureNamespace(listed); err != nil {
		return err
	}
	maps := t.client.CoreV1().ConfigMaps(listed)
	if _, err := maps.Get(ctx, configMap(n-1).Name, metav1.GetOptions{}); err == nil {
		return nil
	}
	_, err := t.measured(n, workers, func(i int) error {
		_, err := maps.Create(ctx, configMap(i), metav1.CreateOptions{})
		return err
	})
	return err
}
