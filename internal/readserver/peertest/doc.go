// Package peertest checks readserver against Prometheus's own remote-read client, storage/remote. It is a module of its
// own because that package brings a hundred modules that the product does not need.
package peertest
