// A program that profiles itself with the SDK of Pyroscope: sdk ADDRESS. Burns CPU and allocates until it is killed.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/grafana/pyroscope-go"
)

var sink uint64
var kept [][]byte

//go:noinline
func burnForTheSdk() {
	for i := uint64(0); i < 50_000_000; i++ {
		sink = sink*6364136223846793005 + i
	}
}

//go:noinline
func allocateForTheSdk() {
	kept = append(kept, make([]byte, 1<<20))
	if len(kept) > 16 {
		kept = nil
	}
}

func main() {
	_, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: "sdk",
		ServerAddress:   os.Args[1],
		UploadRate:      2 * time.Second,
		Tags:            map[string]string{"region": "here"},
		ProfileTypes: []pyroscope.ProfileType{
			pyroscope.ProfileCPU, pyroscope.ProfileAllocSpace, pyroscope.ProfileInuseSpace,
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		burnForTheSdk()
		allocateForTheSdk()
	}
}
