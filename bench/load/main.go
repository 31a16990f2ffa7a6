// Command load drives any Kubernetes API server through client-go and prints one JSON line per workload:
// operations, seconds, latency quantiles, the CPU seconds that the server's processes spent meanwhile and their memory.
//
//	load -kubeconfig F -pids 12,13 -workloads warm-up@32,create@32,list-json@5000,watch@100
//
// The number after @ is how many: clients, objects, watchers or nodes. Workloads run in the given order; get, update
// and patch read what create has left, delete clears it away. One that takes longer than -limit is given up.
//
//	load -kubeconfig F -nodes 1 -pods 10
//
// answers for nodes with pods that run, until its input ends, for whoever measures a server at rest.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// target is the server under load, seen by typed and raw clients without client-side rate limits.
type target struct {
	config *rest.Config
	client kubernetes.Interface
	// One connection each.
	clients []kubernetes.Interface
	pids    []string
	scale   float64
	// Hollow ones that are there.
	nodes int
}

// result is one line of output.
type result struct {
	Workload   string  `json:"workload"`
	Operations int     `json:"operations"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"`
	P50Ms      float64 `json:"p50Ms,omitempty"`
	P99Ms      float64 `json:"p99Ms,omitempty"`
	ResidentMb float64 `json:"residentMb"`
	Errors     int     `json:"errors"`
	// Resumed is how many watches the server ended and a watcher took up again.
	Resumed int `json:"resumed,omitempty"`
}

// workload does its work with so many clients, objects, watchers or nodes.
type workload func(t *target, size int) (result, error)

var workloads = map[string]workload{
	"warm-up":          runWarmUp,
	"create":           runCreate,
	"get":              runGet,
	"update":           runUpdate,
	"patch":            runPatch,
	"patch-100k":       runPatchLarge,
	"delete":           runDelete,
	"list-json":        listWith("application/json", gzipped, ""),
	"list-plain":       listWith("application/json", plain, ""),
	"list-proto":       listWith("application/vnd.kubernetes.protobuf", gzipped, ""),
	"list-table":       listWith("application/json;as=Table;v=v1;g=meta.k8s.io", gzipped, ""),
	"list-filtered":    listWith("application/json", gzipped, "slot=7"),
	"list-paged":       runPagedList,
	"memory":           runMemory,
	"watch":            runWatch,
	"schedule":         scheduleWith(plainPod),
	"schedule-spread":  scheduleWith(spreadPod),
	"schedule-apart":   scheduleWith(apartPod),
	"schedule-near":    scheduleWith(nearPod),
	"rollout":          runRollout,
	"delete-namespace": runDeleteNamespace,
	"fill":             runFill,
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig of the server")
	pids := flag.String("pids", "", "comma-separated processes whose CPU time counts")
	names := flag.String("workloads", "create@32,get@32,delete@32", "what to run, in order")
	scale := flag.Float64("scale", 1, "multiplies the numbers of operations")
	nodes := flag.Int("nodes", 0, "answer for so many nodes until the input ends, instead of any workload")
	pods := flag.Int("pods", 0, "how many pods run on those nodes")
	limit := flag.Duration("limit", 4*time.Minute, "how long one workload may take, with all that it prepares")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	fail(err)
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	fail(err)
	t := &target{config: config, client: client, pids: strings.Split(*pids, ","), scale: *scale}
	if *nodes > 0 {
		fail(t.runKubelets(*nodes, *pods))
		return
	}
	for _, name := range strings.Split(*names, ",") {
		r, err := t.runWithin(*limit, name)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			r.Errors++
		}
		r.Workload = name
		r.ResidentMb = t.residentMb()
		line, _ := json.Marshal(r)
		fmt.Println(string(line))
	}
}

// runWithin gives up after the limit: every call of a workload is made with ctx.
func (t *target) runWithin(limit time.Duration, name string) (result, error) {
	var cancel context.CancelFunc
	ctx, cancel = context.WithTimeout(context.Background(), limit)
	defer cancel()
	return t.run(name)
}

// run takes `name@size`.
func (t *target) run(name string) (result, error) {
	word, number, _ := strings.Cut(name, "@")
	work, known := workloads[word]
	size, err := strconv.Atoi(number)
	if !known || err != nil || size < 1 {
		fail(fmt.Errorf("unknown workload %q: it is a name and how many, like create@32", name))
	}
	return work(t, size)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
