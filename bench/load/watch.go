package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// watchersPerConnection keeps below the streams that servers allow on one HTTP/2 connection.
const watchersPerConnection = 50

// runWatch opens raw watches, makes one change after the other and waits until every byte stream has seen the last change.
func runWatch(t *target, watchers int) (result, error) {
	name := fmt.Sprintf("bench-watch-%d", watchers)
	if err := t.ensureNamespace(name); err != nil {
		return result{}, err
	}
	if err := t.connect(1 + watchers/watchersPerConnection); err != nil {
		return result{}, err
	}
	changes := t.times(max(200, min(2000, 40_000/watchers)))
	var ready, done sync.WaitGroup
	ready.Add(watchers)
	done.Add(watchers)
	failures := make(chan error, watchers)
	for i := range watchers {
		client := rawClient(t.clients[i/watchersPerConnection])
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
	r, err := t.once(changes*watchers, func() error {
		if err := t.change(name, changes); err != nil {
			return err
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

func (t *target) change(name string, changes int) error {
	maps := t.client.CoreV1().ConfigMaps(name)
	for i := range changes {
		if _, err := maps.Create(ctx, configMap(i), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
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
