package main

import "testing"

func TestNextPage(t *testing.T) {
	for body, want := range map[string]string{
		`{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"abc"},"items":[{"metadata":{"name":"x"}}]}`: "abc",
		// The last one; what comes behind its metadata is not looked at.
		`{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":`: "",
	} {
		if token, err := nextPage([]byte(body)); err != nil || token != want {
			t.Errorf("%s: got %q, %v, want %q", body, token, err, want)
		}
	}
	if _, err := nextPage([]byte(`{"kind":"Status"}`)); err == nil {
		t.Error("a page without metadata was taken for one")
	}
}
