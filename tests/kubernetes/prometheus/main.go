// The referee of what discovery.kubernetes and discovery.docker export: Prometheus' own discovery.
//
//	referee CONFIG
//
// CONFIG is a YAML file: case: {kubernetes_sd_configs: [...], docker_sd_configs: [...]}. Prints one line whenever something
// changed: {case: [{label: value, ...} for each target]}. Runs until its standard input ends.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/discovery"
	_ "github.com/prometheus/prometheus/discovery/kubernetes"
	_ "github.com/prometheus/prometheus/discovery/moby"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"go.yaml.in/yaml/v2"
)

// Bursts are printed as one.
const burst = 100 * time.Millisecond

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// What a scrape would see of each target before relabelling: its group's labels, overlaid by its own.
func labelsOf(groups []*targetgroup.Group) []map[string]string {
	all := []map[string]string{}
	for _, group := range groups {
		for _, target := range group.Targets {
			labels := map[string]string{}
			for name, value := range group.Labels {
				labels[string(name)] = string(value)
			}
			for name, value := range target {
				labels[string(name)] = string(value)
			}
			all = append(all, labels)
		}
	}
	return all
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	fail(err)
	var cases map[string]discovery.Configs
	fail(yaml.UnmarshalStrict(text, &cases))

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	registry := prometheus.NewRegistry()
	metrics, err := discovery.CreateAndRegisterSDMetrics(registry)
	fail(err)
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	manager := discovery.NewManager(ctx, logger, registry, metrics, discovery.Updatert(burst))
	go manager.Run()
	fail(manager.ApplyConfig(cases))

	out := json.NewEncoder(os.Stdout)
	for {
		select {
		case <-ctx.Done():
			return
		case all := <-manager.SyncCh():
			line := map[string][]map[string]string{}
			for name, groups := range all {
				line[name] = labelsOf(groups)
			}
			fail(out.Encode(line))
		}
	}
}
