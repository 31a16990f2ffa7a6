// Command load drives any Kubernetes API server through client-go and prints one JSON line per workload:
// operations, seconds, latency quantiles, and the CPU seconds that the server's processes spent meanwhile.
//
//	load -kubeconfig F -pids 12,13 -workloads create,get,patch,list,watch,schedule,rollout
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// target is the server under load, seen by typed and raw clients without client-side rate limits.
type target struct {
	config *rest.Config
	client kubernetes.Interface
	pids   []string
	scale  float64
}

// result is one line of output.
type result struct {
	Workload   string  `json:"workload"`
	Operations int     `json:"operations"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"`
	P50Ms      float64 `json:"p50Ms,omitempty"`
	P99Ms      float64 `json:"p99Ms,omitempty"`
	Errors     int     `json:"errors"`
}

var workloads = map[string]func(*target) (result, error){
	"create":     runCreate,
	"get":        runGet,
	"patch":      runPatch,
	"delete":     runDelete,
	"list-json":  listWith("application/json"),
	"list-proto": listWith("application/vnd.kubernetes.protobuf"),
	"list-table": listWith("application/json;as=Table;v=v1;g=meta.k8s.io"),
	"watch":      runWatch,
	"schedule":   runSchedule,
	"rollout":    runRollout,
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig of the server")
	pids := flag.String("pids", "", "comma-separated processes whose CPU time counts")
	names := flag.String("workloads", "create,get,patch,delete,list-json,list-proto,list-table,watch,schedule,rollout", "what to run, in order")
	scale := flag.Float64("scale", 1, "multiplies the numbers of operations")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	fail(err)
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	fail(err)
	t := &target{config: config, client: client, pids: strings.Split(*pids, ","), scale: *scale}
	for _, name := range strings.Split(*names, ",") {
		run, known := workloads[name]
		if !known {
			fail(fmt.Errorf("unknown workload %q", name))
		}
		r, err := run(t)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			r.Errors++
		}
		r.Workload = name
		line, _ := json.Marshal(r)
		fmt.Println(string(line))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
