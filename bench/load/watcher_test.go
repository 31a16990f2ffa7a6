package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// serveEvents ends each stream after so many events, in the midst of the next one; events are numbered as their revisions are.
func serveEvents(t *testing.T, perStream, events int) *rest.RESTClient {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
		for i := from + 1; i <= min(events, from+perStream); i++ {
			fmt.Fprintf(w, `{"type":"ADDED","object":{"metadata":{"name":"object-%d","resourceVersion":"%d"}}}`+"\n", i, i)
		}
		fmt.Fprint(w, `{"type":"ADDED","object":{"metadata":{"name":"object-`)
	}))
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return rawClient(client)
}

func TestWatcherGoesOnBehindItsLastEvent(t *testing.T) {
	one := watcher{client: serveEvents(t, 3, 10), namespace: "n", revision: "0", want: 10}
	one.follow(func() {})
	if one.failure != nil || one.seen != 10 || len(one.ends) != 3 {
		t.Fatalf("seen %d, resumed %d, failed with %v", one.seen, len(one.ends), one.failure)
	}
}

func TestWatcherTellsWhyItFailed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"type":"ERROR","object":{"code":410,"reason":"Expired"}}`)
	}))
	defer server.Close()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	one := watcher{client: rawClient(client), namespace: "n", revision: "1", want: 1}
	one.follow(func() {})
	if one.failure == nil || !strings.Contains(one.failure.Error(), "ended after 0 of 1 events, 0 times resumed") || !strings.Contains(one.failure.Error(), "Expired") {
		t.Fatal(one.failure)
	}
}
