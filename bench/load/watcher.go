package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/rest"
)

// resumePause is what a reflector waits at first before it asks again a server that gave it nothing.
const resumePause = 800 * time.Millisecond

// watcher reads the raw bytes of one watch. Servers may end a stream at any time: kube-apiserver ends those that take
// their events too slowly, and all of them when its own watch of the store is lost. Like every real client it then goes
// on behind the last event that it has seen.
type watcher struct {
	client    *rest.RESTClient
	namespace string
	// revision is the place behind which it watches.
	revision string
	want     int
	seen     int
	// ends are the reasons for which streams ended before all was seen.
	ends    []error
	failure error
}

// follow reads until all events are seen or nothing more can come; it calls opened as soon as its first stream is open, or will not be.
func (w *watcher) follow(opened func()) {
	for {
		before := w.seen
		reason, err := w.stream(opened)
		opened = func() {}
		if err == nil && w.seen < w.want {
			err = ctx.Err()
		}
		if err != nil {
			w.failure = fmt.Errorf("ended after %d of %d events, %d times resumed: %w", w.seen, w.want, len(w.ends), err)
		}
		if err != nil || w.seen >= w.want {
			return
		}
		w.ends = append(w.ends, reason)
		if w.seen == before {
			time.Sleep(resumePause)
		}
	}
}

// stream opens one stream and reads it to its end, whose reason it tells; the error is one that asking again does not mend.
func (w *watcher) stream(opened func()) (reason, err error) {
	body, err := w.client.Get().Namespace(w.namespace).Resource("configmaps").Param("watch", "true").
		Param("resourceVersion", w.revision).SetHeader("Accept", "application/json").Stream(ctx)
	opened()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	lines := bufio.NewReaderSize(body, 256<<10)
	var last []byte
	for w.seen < w.want {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			reason = err
			break
		}
		last = append(last[:0], line...)
		switch {
		case bytes.HasPrefix(line, errorEvent):
			return nil, errors.New(string(bytes.TrimSpace(line)))
		case bytes.Contains(line, changedName):
			w.seen++
		}
	}
	if reason == nil || last == nil {
		return reason, nil
	}
	return reason, w.goOnBehind(last)
}

var (
	errorEvent = []byte(`{"type":"ERROR"`)
	// Controllers put something into each namespace, too.
	changedName = []byte(`"name":"object-`)
)

func (w *watcher) goOnBehind(line []byte) error {
	var event struct {
		Object struct {
			Metadata struct {
				ResourceVersion string `json:"resourceVersion"`
			} `json:"metadata"`
		} `json:"object"`
	}
	if err := json.Unmarshal(line, &event); err != nil {
		return fmt.Errorf("an event that cannot be read: %w", err)
	}
	w.revision = event.Object.Metadata.ResourceVersion
	return nil
}
