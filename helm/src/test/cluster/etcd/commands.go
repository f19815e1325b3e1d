//go:build tools

// Package etcd names the command that the cluster of the tests keeps its state in.
package etcd

import _ "go.etcd.io/etcd/server/v3"
