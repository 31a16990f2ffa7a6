package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	leaseNamespace   = "kube-node-lease"
	leaseSeconds     = 40
	leaseEvery       = 10 * time.Second
	nodeStatusEvery  = 5 * time.Minute
	restingNamespace = "bench-rest"
)

// runKubelets answers for hollow nodes as kubelets do: each has a connection, watches its pods and all Services, renews
// its lease every 10 s and says every 5 min how its node is. It prints a line when all of a Deployment's pods run, and
// clears everything away when its input ends.
func (t *target) runKubelets(nodes, pods int) error {
	if err := t.ensureNamespace(restingNamespace); err != nil {
		return err
	}
	if err := t.ensureServiceAccount(restingNamespace); err != nil {
		return err
	}
	if err := t.connect(nodes); err != nil {
		return err
	}
	if err := t.setNodes(nodes); err != nil {
		return err
	}
	for i := range nodes {
		go runKubelet(t.clients[i], i, leaseEvery*time.Duration(i)/time.Duration(nodes))
	}
	if err := t.runRestingPods(pods); err != nil {
		return err
	}
	fmt.Println("resting")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	if err := t.clearAway(restingNamespace); err != nil {
		return err
	}
	return t.setNodes(0)
}

// runKubelet begins with its lease after a delay, so that many nodes do not speak at the same moment.
func runKubelet(client kubernetes.Interface, index int, delay time.Duration) {
	node := hollowNode(index)
	own := fields.OneTermEqualSelector("spec.nodeName", node.Name)
	core := client.CoreV1().RESTClient()
	ran := func(object any) { complain(runPod(client, object.(*corev1.Pod))) }
	handler := cache.ResourceEventHandlerFuncs{AddFunc: ran, UpdateFunc: func(_, object any) { ran(object) }}
	follow(cache.NewListWatchFromClient(core, "pods", "", own), &corev1.Pod{}, handler)
	follow(cache.NewListWatchFromClient(core, "services", "", fields.Everything()), &corev1.Service{}, cache.ResourceEventHandlerFuncs{})
	time.Sleep(delay)
	var lease *coordinationv1.Lease
	for beat := 0; ; beat++ {
		var err error
		if lease, err = renewLease(client, node.Name, lease); err != nil {
			complain(err)
			lease = nil
		}
		if beat > 0 && beat%int(nodeStatusEvery/leaseEvery) == 0 {
			complain(sayHealthy(client, node.Name))
		}
		time.Sleep(leaseEvery)
	}
}

func follow(source cache.ListerWatcher, object runtime.Object, handler cache.ResourceEventHandler) {
	_, controller := cache.NewInformerWithOptions(cache.InformerOptions{ListerWatcher: source, ObjectType: object, Handler: handler})
	go controller.Run(ctx.Done())
}

// complain says what went wrong: a node that fails does not measure what it should.
func complain(err error) {
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		fmt.Fprintln(os.Stderr, "load:", err)
	}
}

// renewLease writes over the lease that it got last, as kubelets do, and reads it only when it has none.
func renewLease(client kubernetes.Interface, name string, last *coordinationv1.Lease) (*coordinationv1.Lease, error) {
	leases := client.CoordinationV1().Leases(leaseNamespace)
	now, seconds := metav1.NowMicro(), int32(leaseSeconds)
	if last == nil {
		found, err := leases.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			spec := coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now}
			return leases.Create(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}, metav1.CreateOptions{})
		}
		if err != nil {
			return nil, err
		}
		last = found
	}
	next := last.DeepCopy()
	next.Spec.RenewTime = &now
	return leases.Update(ctx, next, metav1.UpdateOptions{})
}

func sayHealthy(client kubernetes.Interface, name string) error {
	beat := map[string]any{"type": corev1.NodeReady, "lastHeartbeatTime": metav1.Now()}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []any{beat}}})
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

// runPod makes a bound pod run at once, and one that is to go, gone.
func runPod(client kubernetes.Interface, pod *corev1.Pod) error {
	pods := client.CoreV1().Pods(pod.Namespace)
	if pod.DeletionTimestamp != nil {
		return pods.Delete(ctx, pod.Name, atOnce())
	}
	if pod.Status.Phase == corev1.PodRunning {
		return nil
	}
	running := pod.DeepCopy()
	now := metav1.Now()
	running.Status.Phase = corev1.PodRunning
	running.Status.StartTime = &now
	for _, kind := range []corev1.PodConditionType{corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		running.Status.Conditions = append(running.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	started := true
	for _, container := range pod.Spec.Containers {
		running.Status.ContainerStatuses = append(running.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, Ready: true, Started: &started,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	_, err := pods.UpdateStatus(ctx, running, metav1.UpdateOptions{})
	return err
}

// runRestingPods makes a Deployment of so many pods and waits until all of them run.
func (t *target) runRestingPods(pods int) error {
	if pods == 0 {
		return nil
	}
	object := deployment(0)
	count := int32(pods)
	object.Spec.Replicas = &count
	if _, err := t.client.AppsV1().Deployments(restingNamespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
		return err
	}
	watcher, err := t.client.AppsV1().Deployments(restingNamespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	defer watcher.Stop()
	for event := range watcher.ResultChan() {
		if now, ok := event.Object.(*appsv1.Deployment); ok && event.Type != watch.Deleted && now.Status.ReadyReplicas == count {
			return nil
		}
	}
	return fmt.Errorf("the watch of the Deployment ended before its %d pods ran", pods)
}
