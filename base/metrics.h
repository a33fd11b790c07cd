// Metrics in the sense of Prometheus: counters, gauges and histograms with
// labels, written out in the text format 0.0.4. Updating one is a relaxed
// atomic operation and may happen on any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// What a reference page says of a metric, and whoever keeps it uses.
struct MetricInfo {
  enum class Kind : std::uint8_t { counter, gauge, histogram };

  std::string_view name;
  Kind kind = Kind::counter;
  std::string_view help;
  std::string_view label = {};  // beside those of its owner
};

class Counter {
 public:
  void add(double n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double n) { value_.fetch_add(n, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

class Histogram {
 public:
  // Upper bounds in rising order, without +Inf.
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  std::uint64_t bucket(std::size_t index) const;  // not cumulative; index bounds().size() is +Inf
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  std::uint64_t count() const;

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<double> sum_ = 0;
};

// 5 ms to 10 s, the bounds Prometheus' clients use where nothing better is known.
std::span<const double> default_latency_bounds();

// All series of the process. Thread-safe.
class MetricRegistry {
 public:
  MetricRegistry();
  ~MetricRegistry();
  MetricRegistry(const MetricRegistry&) = delete;
  MetricRegistry& operator=(const MetricRegistry&) = delete;

  // The same name and labels give the same series. `help` of the first caller stands.
  std::shared_ptr<Counter> counter(std::string_view name, std::string_view help, MetricLabels labels = {});
  std::shared_ptr<Gauge> gauge(std::string_view name, std::string_view help, MetricLabels labels = {});
  std::shared_ptr<Histogram> histogram(std::string_view name, std::string_view help,
                                       std::span<const double> bounds, MetricLabels labels = {});
  // Called at each exposition, for values that are read rather than kept.
  void gauge_callback(std::string_view name, std::string_view help, MetricLabels labels,
                      std::function<double()> read);
  void counter_callback(std::string_view name, std::string_view help, MetricLabels labels,
                        std::function<double()> read);

  // Forgets the series that carry all of `labels`.
  void remove(const MetricLabels& labels);

  std::string expose() const;

 private:
  friend class MetricScope;
  void enter(const MetricLabels& labels);
  void leave(const MetricLabels& labels);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A component's part of the registry: adds its labels to every series, and
// takes the series back when the component goes. Where two scopes have the same
// labels (a component is made anew while the one before still stops), the last
// one to go takes them.
class MetricScope {
 public:
  MetricScope(MetricRegistry& registry, MetricLabels labels);
  ~MetricScope();
  MetricScope(const MetricScope&) = delete;
  MetricScope& operator=(const MetricScope&) = delete;

  // Takes the series back now. Later ones are kept nowhere, and the registry may go before the scope.
  void release();

  std::shared_ptr<Counter> counter(std::string_view name, std::string_view help, MetricLabels labels = {});
  std::shared_ptr<Gauge> gauge(std::string_view name, std::string_view help, MetricLabels labels = {});
  std::shared_ptr<Histogram> histogram(std::string_view name, std::string_view help,
                                       std::span<const double> bounds, MetricLabels labels = {});

 private:
  MetricLabels with_own(MetricLabels labels) const;

  std::atomic<MetricRegistry*> registry_;  // null once released
  MetricLabels labels_;
};

}  // namespace weir
