//go:build tools

// Keeps the stock etcd, which scripts/stock builds, in this module's pins.
package main

import _ "go.etcd.io/etcd/server/v3"
