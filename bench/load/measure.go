package main

import (
	"context"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// fillers is how many clients make what a workload needs before it is measured.
const fillers = 32

// connect opens connections until there are n of them, one per client as n programs would have.
func (t *target) connect(n int) error {
	for len(t.clients) < n {
		config := rest.CopyConfig(t.config)
		dialer := &net.Dialer{}
		// A dialer of its own keeps client-go from sharing one connection.
		config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			return err
		}
		if _, err := client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{}); err != nil {
			return err
		}
		t.clients = append(t.clients, client)
	}
	return nil
}

// measured runs operations 0…n-1 on so many clients at once and accounts time, latency and server CPU.
func (t *target) measured(n, clients int, operation func(client kubernetes.Interface, i int) error) (result, error) {
	if n < 1 {
		return result{}, nil
	}
	if err := t.connect(clients); err != nil {
		return result{}, err
	}
	var next, errors atomic.Int64
	var firstError atomic.Pointer[error]
	latencies := make([]float64, n)
	cpu := t.cpuSeconds()
	start := time.Now()
	var group sync.WaitGroup
	for _, client := range t.clients[:clients] {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				began := time.Now()
				if err := operation(client, i); err != nil {
					errors.Add(1)
					firstError.CompareAndSwap(nil, &err)
				}
				latencies[i] = float64(time.Since(began).Microseconds()) / 1000
			}
		})
	}
	group.Wait()
	r := result{Operations: n, Seconds: time.Since(start).Seconds(), CPUSeconds: t.cpuSeconds() - cpu, Errors: int(errors.Load())}
	sort.Float64s(latencies)
	r.P50Ms, r.P99Ms = latencies[n/2], latencies[n*99/100]
	if first := firstError.Load(); first != nil {
		return r, *first
	}
	return r, nil
}

// once accounts one long piece of work that counts as n operations.
func (t *target) once(n int, work func() error) (result, error) {
	cpu := t.cpuSeconds()
	start := time.Now()
	err := work()
	return result{Operations: n, Seconds: time.Since(start).Seconds(), CPUSeconds: t.cpuSeconds() - cpu}, err
}

// cpuSeconds is user plus system time of all threads of the server's processes so far.
func (t *target) cpuSeconds() float64 {
	const ticksPerSecond = 100
	total := 0.0
	for _, pid := range t.pids {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		total += (user + system) / ticksPerSecond
	}
	return total
}

// residentMb is what the server's processes hold in memory now, programs included.
func (t *target) residentMb() float64 {
	total := 0.0
	for _, pid := range t.pids {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			if value, found := strings.CutPrefix(line, "VmRSS:"); found {
				kilobytes, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
				total += kilobytes * 1024 / 1e6
			}
		}
	}
	return total
}

// times scales a number of operations, at least one.
func (t *target) times(n int) int { return max(1, int(float64(n)*t.scale)) }
