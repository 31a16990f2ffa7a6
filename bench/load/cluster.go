package main

import (
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

const (
	scheduledPods = 1000
	replicas      = 20
	rolloutNodes  = 500
	zones         = 5
	zoneLabel     = "topology.kubernetes.io/zone"
	hostLabel     = "kubernetes.io/hostname"
)

// setNodes registers hollow Ready nodes, objects alone with nobody behind them, until there are n, or takes some away.
func (t *target) setNodes(n int) error {
	there := t.nodes
	t.nodes = n
	if there > n {
		return t.deleteNodes(n, there)
	}
	_, err := t.measured(n-there, fillers, func(client kubernetes.Interface, i int) error {
		node := hollowNode(there + i)
		_, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		if err != nil {
			return err
		}
		// A patch, because controllers change fresh nodes too.
		patch, _ := json.Marshal(map[string]any{"status": node.Status})
		_, err = client.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
		return err
	})
	return err
}

func (t *target) deleteNodes(from, to int) error {
	_, err := t.measured(to-from, fillers, func(client kubernetes.Interface, i int) error {
		return client.CoreV1().Nodes().Delete(ctx, hollowNode(from+i).Name, atOnce())
	})
	return err
}

func atOnce() metav1.DeleteOptions {
	now := int64(0)
	return metav1.DeleteOptions{GracePeriodSeconds: &now}
}

func hollowNode(i int) *corev1.Node {
	name := fmt.Sprintf("hollow-%04d", i)
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("32"),
		corev1.ResourceMemory: resource.MustParse("128Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{hostLabel: name, zoneLabel: fmt.Sprintf("zone-%d", i%zones)}},
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

// podMaker gives a pod what the scheduler has to think about.
type podMaker func(name string) *corev1.Pod

var benchLabels = map[string]string{"app": "bench"}

func plainPod(name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: benchLabels}, Spec: podSpec()}
}

// spreadPod goes where the fewest of its kind are, over zones strictly and over nodes if possible.
func spreadPod(name string) *corev1.Pod {
	pod := plainPod(name)
	selector := &metav1.LabelSelector{MatchLabels: benchLabels}
	pod.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{
		{MaxSkew: 1, TopologyKey: zoneLabel, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: selector},
		{MaxSkew: 1, TopologyKey: hostLabel, WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: selector},
	}
	return pod
}

// apartPod shares its node with none of its group: there are as many groups as fill the nodes.
func apartPod(name string) *corev1.Pod {
	pod := plainPod(name)
	group := map[string]string{"group": name[len(name)-1:]}
	pod.Labels = group
	pod.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: hostLabel, LabelSelector: &metav1.LabelSelector{MatchLabels: group}}},
	}}
	return pod
}

// nearPod goes to the zone of its group.
func nearPod(name string) *corev1.Pod {
	pod := plainPod(name)
	group := map[string]string{"group": name[len(name)-1:]}
	pod.Labels = group
	pod.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: zoneLabel, LabelSelector: &metav1.LabelSelector{MatchLabels: group}}},
	}}
	return pod
}

// prepare makes a namespace with its service account, and nodes; it returns a channel that closes when n pods there have a node.
func (t *target) prepare(name string, nodes, pods int) (<-chan struct{}, error) {
	if err := t.ensureNamespace(name); err != nil {
		return nil, err
	}
	if err := t.setNodes(nodes); err != nil {
		return nil, err
	}
	if err := t.ensureServiceAccount(name); err != nil {
		return nil, err
	}
	return t.watchPods(name, pods)
}

// clearAway deletes the Deployments and pods of a namespace and waits until they are gone; the nodes stay for what follows.
func (t *target) clearAway(name string) error {
	if err := t.client.AppsV1().Deployments(name).DeleteCollection(ctx, atOnce(), metav1.ListOptions{}); err != nil {
		return err
	}
	for {
		pods, err := t.client.CoreV1().Pods(name).List(ctx, metav1.ListOptions{})
		if err != nil || len(pods.Items) == 0 {
			return err
		}
		_, err = t.measured(len(pods.Items), fillers, func(client kubernetes.Interface, i int) error {
			err := client.CoreV1().Pods(name).Delete(ctx, pods.Items[i].Name, atOnce())
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

// scheduleWith creates pods and waits until each has a node.
func scheduleWith(newPod podMaker) workload {
	return func(t *target, nodes int) (result, error) {
		name := "bench-schedule"
		n := t.times(min(scheduledPods, 5*nodes))
		all, err := t.prepare(name, nodes, n)
		if err != nil {
			return result{}, err
		}
		r, err := t.once(n, func() error {
			_, err := t.measured(n, fillers, func(client kubernetes.Interface, i int) error {
				_, err := client.CoreV1().Pods(name).Create(ctx, newPod(fmt.Sprintf("pod-%05d", i)), metav1.CreateOptions{})
				return err
			})
			if err != nil {
				return err
			}
			return waitFor(all)
		})
		if err != nil {
			return r, err
		}
		return r, t.clearAway(name)
	}
}

// runRollout creates Deployments on 500 nodes and waits until all of their pods exist and have a node.
func runRollout(t *target, deployments int) (result, error) {
	name := "bench-rollout"
	n := t.times(deployments)
	all, err := t.prepare(name, rolloutNodes, n*replicas)
	if err != nil {
		return result{}, err
	}
	r, err := t.once(n*replicas, func() error {
		for i := range n {
			if _, err := t.client.AppsV1().Deployments(name).Create(ctx, deployment(i), metav1.CreateOptions{}); err != nil {
				return err
			}
		}
		return waitFor(all)
	})
	if err != nil {
		return r, err
	}
	return r, t.clearAway(name)
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

// watchPods starts to count the pods of a namespace that have a node; the channel closes when there are n of them.
func (t *target) watchPods(name string, n int) (<-chan struct{}, error) {
	all := make(chan struct{})
	watcher, err := t.watchBound(name)
	if err != nil {
		return nil, err
	}
	go func() {
		seen := map[types.UID]bool{}
		for len(seen) < n {
			event, open := <-watcher.ResultChan()
			if !open {
				if ctx.Err() != nil {
					return
				}
				// A server may end a watch; a new one begins with what is there.
				if watcher, err = t.watchBound(name); err != nil {
					return
				}
				continue
			}
			if pod, ok := event.Object.(*corev1.Pod); ok && pod.Spec.NodeName != "" {
				seen[pod.UID] = true
			}
		}
		watcher.Stop()
		close(all)
	}()
	return all, nil
}

func (t *target) watchBound(name string) (watch.Interface, error) {
	return t.client.CoreV1().Pods(name).Watch(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName!="})
}

func waitFor(all <-chan struct{}) error {
	select {
	case <-all:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("not all of the pods had a node in time")
	}
}
