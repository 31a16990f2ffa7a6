package main

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	hollowNodes   = 500
	scheduledPods = 2000
	deployments   = 50
	replicas      = 20
)

// addNodes registers hollow Ready nodes: objects alone, nobody behind them.
func (t *target) addNodes(n int) error {
	_, err := t.measured(n, 8, func(i int) error {
		node := hollowNode(i)
		created, err := t.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		if err != nil {
			return err
		}
		created.Status = node.Status
		_, err = t.client.CoreV1().Nodes().UpdateStatus(ctx, created, metav1.UpdateOptions{})
		return err
	})
	return err
}

func hollowNode(i int) *corev1.Node {
	name := fmt.Sprintf("hollow-%04d", i)
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("32"),
		corev1.ResourceMemory: resource.MustParse("128Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kubernetes.io/hostname": name}},
		Status: corev1.NodeStatus{
			Capacity:    capacity,
			Allocatable: capacity,
			Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}},
		},
	}
}

func podSpec() corev1.PodSpec {
	requests := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("64Mi")}
	no := false
	return corev1.PodSpec{
		AutomountServiceAccountToken: &no,
		Tolerations:                  []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		Containers:                   []corev1.Container{{Name: "main", Image: "pause", Resources: corev1.ResourceRequirements{Requests: requests}}},
	}
}

// runSchedule creates pods and waits until each has a node.
func runSchedule(t *target) (result, error) {
	name := "bench-schedule"
	if err := t.ensureNamespace(name); err != nil {
		return result{}, err
	}
	if err := t.addNodes(t.times(hollowNodes)); err != nil {
		return result{}, err
	}
	if err := t.ensureServiceAccount(name); err != nil {
		return result{}, err
	}
	n := t.times(scheduledPods)
	pods := t.client.CoreV1().Pods(name)
	return t.once(n, func() error {
		_, err := t.measured(n, workers, func(i int) error {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("pod-%05d", i)}, Spec: podSpec()}
			_, err := pods.Create(ctx, pod, metav1.CreateOptions{})
			return err
		})
		if err != nil {
			return err
		}
		return t.waitForPods(name, n, "spec.nodeName!=")
	})
}

// runRollout creates Deployments and waits until all of their pods exist and have a node.
func runRollout(t *target) (result, error) {
	name := "bench-rollout"
	if err := t.ensureNamespace(name); err != nil {
		return result{}, err
	}
	if err := t.addNodes(t.times(hollowNodes)); err != nil {
		return result{}, err
	}
	if err := t.ensureServiceAccount(name); err != nil {
		return result{}, err
	}
	n := t.times(deployments)
	return t.once(n*replicas, func() error {
		for i := range n {
			if _, err := t.client.AppsV1().Deployments(name).Create(ctx, deployment(i), metav1.CreateOptions{}); err != nil {
				return err
			}
		}
		return t.waitForPods(name, n*replicas, "")
	})
}

func deployment(i int) *appsv1.Deployment {
	labels := map[string]string{"app": fmt.Sprintf("app-%03d", i)}
	count := int32(replicas)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("app-%03d", i)},
		Spec: appsv1.DeploymentSpec{
			Replicas: &count,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec()},
		},
	}
}

// ensureServiceAccount waits for the controller's `default`, or makes one where no controller runs.
func (t *target) ensureServiceAccount(name string) error {
	accounts := t.client.CoreV1().ServiceAccounts(name)
	for range 50 {
		if _, err := accounts.Get(ctx, "default", metav1.GetOptions{}); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	object := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	_, err := accounts.Create(ctx, object, metav1.CreateOptions{})
	return err
}

// waitForPods counts matching pods with cheap metadata-only lists every 100 ms.
func (t *target) waitForPods(name string, n int, fieldSelector string) error {
	deadline := time.Now().Add(3 * time.Minute)
	for time.Now().Before(deadline) {
		list, err := t.client.CoreV1().Pods(name).List(ctx, metav1.ListOptions{FieldSelector: fieldSelector, ResourceVersion: "0"})
		if err != nil {
			return err
		}
		if len(list.Items) >= n {
			return nil
		}
		time.Sleep(250 * time.Millisecond)
	}
	return fmt.Errorf("only some of %d pods arrived within 3 minutes", n)
}
