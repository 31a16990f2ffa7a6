package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

const (
	namespace   = "bench"
	written     = 4000
	largeName   = "large"
	largeValues = 1000
)

// ctx is that of the workload that runs.
var ctx = context.Background()

// configMap has about 1 KB of data.
func configMap(i int) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name:   fmt.Sprintf("object-%06d", i),
			Labels: map[string]string{"app": "bench", "slot": fmt.Sprint(i % 100)},
		},
		Data: map[string]string{"data": strings.Repeat("x", 900)},
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

// perClients gives one client alone fewer operations: it waits for each of them.
func (t *target) perClients(n, clients int) int {
	if clients == 1 {
		return t.times(n / 4)
	}
	return t.times(n)
}

func runCreate(t *target, clients int) (result, error) {
	if err := t.ensureNamespace(namespace); err != nil {
		return result{}, err
	}
	return t.measured(t.perClients(written, clients), clients, func(client kubernetes.Interface, i int) error {
		_, err := client.CoreV1().ConfigMaps(namespace).Create(ctx, configMap(i), metav1.CreateOptions{})
		return err
	})
}

func runGet(t *target, clients int) (result, error) {
	there := t.perClients(written, clients)
	return t.measured(2*there, clients, func(client kubernetes.Interface, i int) error {
		_, err := client.CoreV1().ConfigMaps(namespace).Get(ctx, configMap(i%there).Name, metav1.GetOptions{})
		return err
	})
}

func runUpdate(t *target, clients int) (result, error) {
	return t.measured(t.perClients(written, clients), clients, func(client kubernetes.Interface, i int) error {
		object := configMap(i)
		object.Data["updated"] = fmt.Sprint(time.Now().UnixNano())
		_, err := client.CoreV1().ConfigMaps(namespace).Update(ctx, object, metav1.UpdateOptions{})
		return err
	})
}

func runPatch(t *target, clients int) (result, error) {
	return t.measured(t.perClients(written, clients), clients, func(client kubernetes.Interface, i int) error {
		patch := fmt.Appendf(nil, `{"data":{"patched":"%d"}}`, time.Now().UnixNano())
		_, err := client.CoreV1().ConfigMaps(namespace).Patch(ctx, configMap(i).Name, types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	})
}

// runPatchLarge changes one of a thousand values of an object of 100 KB by JSON patch, one object for each client.
func runPatchLarge(t *target, clients int) (result, error) {
	if err := t.ensureNamespace(namespace); err != nil {
		return result{}, err
	}
	for i := range clients {
		_, err := t.client.CoreV1().ConfigMaps(namespace).Create(ctx, largeConfigMap(i), metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return result{}, err
		}
	}
	return t.measured(t.times(400), clients, func(client kubernetes.Interface, i int) error {
		patch := fmt.Appendf(nil, `[{"op":"replace","path":"/data/key-%04d","value":"%d"}]`, i%largeValues, time.Now().UnixNano())
		_, err := client.CoreV1().ConfigMaps(namespace).Patch(ctx, largeConfigMap(i%clients).Name, types.JSONPatchType, patch, metav1.PatchOptions{})
		return err
	})
}

func largeConfigMap(i int) *corev1.ConfigMap {
	data := map[string]string{}
	for key := range largeValues {
		data[fmt.Sprintf("key-%04d", key)] = strings.Repeat("y", 80)
	}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", largeName, i)}, Data: data}
}

func runDelete(t *target, clients int) (result, error) {
	return t.measured(t.perClients(written, clients), clients, func(client kubernetes.Interface, i int) error {
		return client.CoreV1().ConfigMaps(namespace).Delete(ctx, configMap(i).Name, metav1.DeleteOptions{})
	})
}

// runFill stores objects of 100 KB.
func runFill(t *target, objects int) (result, error) {
	if err := t.ensureNamespace(namespace); err != nil {
		return result{}, err
	}
	value := strings.Repeat("z", 100_000)
	return t.measured(objects, fillers/4, func(client kubernetes.Interface, i int) error {
		object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("fill-%06d", i)}, Data: map[string]string{"data": value}}
		_, err := client.CoreV1().ConfigMaps(namespace).Create(ctx, object, metav1.CreateOptions{})
		return err
	})
}

// runDeleteNamespace measures until a namespace of so many objects is gone.
func runDeleteNamespace(t *target, objects int) (result, error) {
	name := fmt.Sprintf("bench-gone-%d", objects)
	n := t.times(objects)
	if err := t.fill(name, n); err != nil {
		return result{}, err
	}
	return t.once(n, func() error {
		if err := t.client.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			return err
		}
		for {
			_, err := t.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			if err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
}

// runWarmUp asks everything that is measured later some thousand times: caches fill, programs that compile themselves do.
func runWarmUp(t *target, clients int) (result, error) {
	for _, work := range []workload{runCreate, runGet, runUpdate, runGet, runPatch, runGet, runDelete} {
		if _, err := work(t, clients); err != nil {
			return result{}, err
		}
	}
	return t.once(1, func() error { return nil })
}
