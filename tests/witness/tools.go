//go:build tools

package witness

import _ "k8s.io/sample-controller"
