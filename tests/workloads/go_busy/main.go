// Command busy keeps every part of the Go runtime at work. It runs until it is
// killed or its parent ends. "busy stop" instead prints the place of each frame
// of one goroutine, as the runtime itself sees them, and waits.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"
)

var sink uint64

//go:noinline
func spin(n int) uint64 {
	x := sink
	for i := 0; i < n; i++ {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

// A frame of its own at each depth, with room on the stack that differs.
//
//go:noinline
func descend(depth int) uint64 {
	var room [32]uint64
	for i := range room {
		room[i] = uint64(depth + i)
	}
	if depth > 1 {
		room[depth%32] = descend(depth - 1)
	} else {
		room[0] = spin(20_000)
	}
	return room[0] + room[depth%32]
}

func recursion() {
	for {
		sink += descend(40)
	}
}

// Small enough to be inlined, twice.
func inner(x uint64) uint64 { return x ^ x<<13 ^ x>>7 }
func outer(x uint64) uint64 { return inner(x) + inner(x+1) }

//go:noinline
func inlining() {
	for {
		x := sink
		for i := 0; i < 10_000; i++ {
			x = outer(x)
		}
		sink = x
		runtime.Gosched()
	}
}

type node struct {
	left, right *node
	data        []byte
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{data: make([]byte, 24)}
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1), data: make([]byte, 8)}
}

func garbage() {
	for {
		t := tree(10)
		sink += uint64(len(t.data))
	}
}

// Each goroutine starts on a small stack, which then has to grow.
func growth() {
	for {
		var done sync.WaitGroup
		for i := 0; i < 16; i++ {
			done.Add(1)
			go func(depth int) {
				defer done.Done()
				descend(depth)
			}(100 + i)
		}
		done.Wait()
	}
}

func ping(in <-chan int, out chan<- int) {
	for n := range in {
		out <- n + 1
	}
}

func channels() {
	there, back := make(chan int), make(chan int)
	go ping(there, back)
	tick := time.NewTicker(time.Millisecond)
	for {
		select {
		case there <- 1:
			sink += uint64(<-back)
		case now := <-tick.C:
			sink += uint64(now.Nanosecond())
		}
	}
}

func syscalls() {
	zero, _ := os.Open("/dev/zero")
	buffer := make([]byte, 4096)
	for {
		zero.Read(buffer)
		sink += uint64(syscall.Getppid()) + uint64(time.Now().Nanosecond())
	}
}

type byLength []string

func (s byLength) Len() int           { return len(s) }
func (s byLength) Less(i, j int) bool { return len(s[i]) < len(s[j]) || s[i] < s[j] }
func (s byLength) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

func library() {
	text := strings.Repeat("the quick brown fox ", 400)
	for round := 0; ; round++ {
		sum := sha256.Sum256([]byte(text))
		counts := map[string]int{}
		words := strings.Fields(text)
		for i, word := range words {
			counts[fmt.Sprint(word, i%50, sum[0])]++
		}
		sort.Sort(byLength(words))
		sort.Slice(words, func(i, j int) bool { return words[i] > words[j] })
		sink += uint64(len(counts)) + uint64(bytes.Count([]byte(text), sum[:1]))
		sink += uint64(recovers(round))
	}
}

func recovers(n int) (result int) {
	defer func() {
		if recover() != nil {
			result = n
		}
	}()
	var none []int
	return none[n]
}

//go:noinline
func stop(depth int) int {
	if depth > 0 {
		return stop(depth-1) + depth
	}
	return report()
}

//go:noinline
func report() int {
	runtime.LockOSThread() // what it prints is of the thread that waits
	places := make([]uintptr, 64)
	places = places[:runtime.Callers(1, places)]
	var text strings.Builder
	fmt.Fprintf(&text, "thread %d\n", syscall.Gettid())
	frames := runtime.CallersFrames(places)
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		fmt.Fprintf(&text, "%x %s %d %s\n", frame.PC, frame.Function, frame.Line, frame.File)
	}
	text.WriteString("end\n")
	os.Stdout.WriteString(text.String())
	for { // a signal ends the wait
		syscall.RawSyscall(syscall.SYS_PPOLL, 0, 0, 0)
	}
}

func main() {
	const deathSignal = 1
	syscall.RawSyscall(syscall.SYS_PRCTL, deathSignal, uintptr(syscall.SIGKILL), 0)
	if len(os.Args) > 1 && os.Args[1] == "stop" {
		stop(5)
	}
	work := []func(){recursion, inlining, garbage, growth, channels, syscalls, library}
	work = append(work, more...)
	for _, one := range work {
		go one()
	}
	select {}
}
