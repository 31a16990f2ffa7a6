package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// watchersPerConnection keeps below the streams that servers allow on one HTTP/2 connection.
const watchersPerConnection = 50

// runWatch opens raw watches, makes one change after the other and waits until every watcher has seen all of them.
func runWatch(t *target, watchers int) (result, error) {
	name := fmt.Sprintf("bench-watch-%d", watchers)
	if err := t.ensureNamespace(name); err != nil {
		return result{}, err
	}
	if err := t.connect(1 + watchers/watchersPerConnection); err != nil {
		return result{}, err
	}
	// From here on, as whoever has listed before.
	list, err := t.client.CoreV1().ConfigMaps(name).List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return result{}, err
	}
	changes := t.times(max(200, min(2000, 40_000/watchers)))
	crowd := make([]watcher, watchers)
	var ready, done sync.WaitGroup
	ready.Add(watchers)
	for i := range crowd {
		crowd[i] = watcher{client: rawClient(t.clients[i/watchersPerConnection]), namespace: name, revision: list.ResourceVersion, want: changes}
		done.Go(func() { crowd[i].follow(ready.Done) })
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
	if err != nil {
		return r, err
	}
	return r.judged(crowd)
}

func (t *target) change(name string, changes int) error {
	maps := t.client.CoreV1().ConfigMaps(name)
	for i := range changes {
		if _, err := maps.Create(ctx, configMap(i), metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("change %d of %d: %w", i+1, changes, err)
		}
	}
	return nil
}

// judged counts the streams that servers have ended and watchers have resumed, and says why; watchers that failed are an error.
func (r result) judged(crowd []watcher) (result, error) {
	reasons := map[string]int{}
	var failed []error
	for i, one := range crowd {
		for _, reason := range one.ends {
			reasons[reason.Error()]++
		}
		r.Resumed += len(one.ends)
		if one.failure != nil {
			failed = append(failed, fmt.Errorf("watcher %d on connection %d %w", i+1, i/watchersPerConnection+1, one.failure))
		}
	}
	for reason, count := range reasons {
		fmt.Fprintf(os.Stderr, "watch@%d: %d streams ended and were resumed: %s\n", len(crowd), count, reason)
	}
	if len(failed) > 0 {
		return r, fmt.Errorf("%d of %d watchers failed; the first: %w", len(failed), len(crowd), failed[0])
	}
	return r, nil
}
