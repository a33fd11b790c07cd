// A real API server of Kubernetes and its store in one program, for tests:
//
//	apiserver etcd|apiserver FLAGS
package main

import (
	"fmt"
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	program := ""
	if len(os.Args) > 1 {
		program = os.Args[1]
	}
	switch program {
	case "etcd":
		etcdmain.Main(os.Args[1:])
	case "apiserver":
		command := app.NewAPIServerCommand()
		command.SetArgs(os.Args[2:])
		os.Exit(cli.Run(command))
	default:
		fmt.Fprintln(os.Stderr, "usage: apiserver etcd|apiserver FLAGS")
		os.Exit(2)
	}
}
