// exposition reads the metrics of a program, as Prometheus' own parser of its text format does, and tells what it
// has understood: one line of JSON for each metric.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

type metric struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Help   string   `json:"help"`
	Labels []string `json:"labels"` // of any of its series
	Series int      `json:"series"`
	Sum    float64  `json:"sum"` // of all values; of a histogram, of its counts
}

func valueOf(one *dto.Metric) float64 {
	switch {
	case one.Counter != nil:
		return one.Counter.GetValue()
	case one.Gauge != nil:
		return one.Gauge.GetValue()
	case one.Histogram != nil:
		return float64(one.Histogram.GetSampleCount())
	}
	return one.GetUntyped().GetValue()
}

func understood(name string, family *dto.MetricFamily) metric {
	found := metric{Name: name, Type: strings.ToLower(family.GetType().String()), Help: family.GetHelp(), Labels: []string{}}
	names := map[string]bool{}
	for _, one := range family.Metric {
		found.Series++
		found.Sum += valueOf(one)
		for _, label := range one.Label {
			names[label.GetName()] = true
		}
	}
	for label := range names {
		found.Labels = append(found.Labels, label)
	}
	sort.Strings(found.Labels)
	return found
}

func main() {
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := json.NewEncoder(os.Stdout)
	for name, family := range families {
		if err := lines.Encode(understood(name, family)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
