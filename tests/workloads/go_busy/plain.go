//go:build !cgo

package main

var more []func()
