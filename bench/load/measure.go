package main

import (
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// measured runs operations 0…n-1 on `workers` goroutines and accounts time, latency and server CPU.
func (t *target) measured(n, workers int, operation func(i int) error) (result, error) {
	var next, errors atomic.Int64
	var firstError atomic.Value
	latencies := make([]float64, n)
	cpu := t.cpuSeconds()
	start := time.Now()
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				began := time.Now()
				if err := operation(i); err != nil {
					errors.Add(1)
					firstError.CompareAndSwap(nil, err)
				}
				latencies[i] = float64(time.Since(began).Microseconds()) / 1000
			}
		})
	}
	group.Wait()
	r := result{Operations: n, Seconds: time.Since(start).Seconds(), CPUSeconds: t.cpuSeconds() - cpu, Errors: int(errors.Load())}
	sort.Float64s(latencies)
	r.P50Ms, r.P99Ms = latencies[n/2], latencies[n*99/100]
	err, _ := firstError.Load().(error)
	return r, err
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

// times scales a number of operations, at least one.
func (t *target) times(n int) int { return max(1, int(float64(n)*t.scale)) }
