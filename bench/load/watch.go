package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	watchers = 100
	events   = 500
)

// runWatch opens 100 raw watches, makes 500 changes and waits until every byte stream has seen the last one.
func runWatch(t *target) (result, error) {
	name := "bench-watch"
	if err := t.ensureNamespace(name); err != nil {
		return result{}, err
	}
	changes := t.times(events)
	client := t.client.CoreV1().RESTClient().(*rest.RESTClient)
	var ready, done sync.WaitGroup
	ready.Add(watchers)
	done.Add(watchers)
	failures := make(chan error, watchers)
	for range watchers {
		go func() {
			defer done.Done()
			stream, err := client.Get().Namespace(name).Resource("configmaps").Param("watch", "true").
				SetHeader("Accept", "application/json").Stream(ctx)
			ready.Done()
			if err != nil {
				failures <- err
				return
			}
			defer stream.Close()
			if err := readEvents(stream, changes); err != nil {
				failures <- err
			}
		}()
	}
	ready.Wait()
	time.Sleep(500 * time.Millisecond)
	maps := t.client.CoreV1().ConfigMaps(name)
	r, err := t.once(changes*watchers, func() error {
		for i := range changes {
			if _, err := maps.Create(ctx, configMap(i), metav1.CreateOptions{}); err != nil {
				return err
			}
		}
		done.Wait()
		return nil
	})
	select {
	case failure := <-failures:
		return r, failure
	default:
		return r, err
	}
}

// readEvents counts lines; there is one per event.
func readEvents(stream io.Reader, want int) error {
	buffer := make([]byte, 256<<10)
	for seen := 0; seen < want; {
		n, err := stream.Read(buffer)
		for _, b := range buffer[:n] {
			if b == '\n' {
				seen++
			}
		}
		if err != nil && seen < want {
			return fmt.Errorf("watch ended after %d of %d events: %w", seen, want, err)
		}
	}
	return nil
}
