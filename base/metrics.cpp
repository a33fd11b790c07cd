#include "base/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <variant>

#include <fmt/core.h>

namespace weir {
namespace {

constexpr std::array<double, 11> kLatencyBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

using Read = std::function<double()>;
using Series =
    std::variant<std::shared_ptr<Counter>, std::shared_ptr<Gauge>, std::shared_ptr<Histogram>, Read>;

struct Family {
  std::string type;
  std::string help;
  std::map<MetricLabels, Series> series;
};

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string escape(std::string_view text, bool quotes) {
  std::string out;
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string label_text(const MetricLabels& labels, std::string_view extra = {}) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += out.empty() ? "{" : ",";
    out += fmt::format("{}=\"{}\"", name, escape(value, true));
  }
  if (!extra.empty()) {
    out += out.empty() ? "{" : ",";
    out += extra;
  }
  if (!out.empty()) out += '}';
  return out;
}

void expose_histogram(std::string& out, const std::string& name, const MetricLabels& labels,
                      const Histogram& h) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= h.bounds().size(); ++i) {
    total += h.bucket(i);
    std::string bound = i < h.bounds().size() ? number_text(h.bounds()[i]) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", name, label_text(labels, fmt::format("le=\"{}\"", bound)), total);
  }
  out += fmt::format("{}_sum{} {}\n", name, label_text(labels), number_text(h.sum()));
  out += fmt::format("{}_count{} {}\n", name, label_text(labels), total);
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), buckets_(bounds_.size() + 1) {}

void Histogram::observe(double value) {
  auto it = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  buckets_[static_cast<std::size_t>(it - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::bucket(std::size_t index) const {
  return buckets_[index].load(std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  return total;
}

std::span<const double> default_latency_bounds() {
  return kLatencyBounds;
}

struct MetricRegistry::Impl {
  mutable std::mutex mutex;
  std::map<std::string, Family, std::less<>> families;
  std::map<MetricLabels, std::size_t> scopes;  // how many live with these labels

  // With the lock held.
  Family& family(std::string_view name, std::string_view type, std::string_view help) {
    auto [it, is_new] = families.try_emplace(std::string(name));
    if (is_new) {
      it->second.type = type;
      it->second.help = help;
    }
    return it->second;
  }

  // Labels are kept sorted by name, so that their order at the call does not matter.
  template <class T, class Make>
  std::shared_ptr<T> series(std::string_view name, std::string_view type, std::string_view help,
                            MetricLabels labels, Make make) {
    std::sort(labels.begin(), labels.end());
    std::lock_guard lock(mutex);
    auto [it, inserted] = family(name, type, help).series.try_emplace(std::move(labels));
    if (inserted || !std::holds_alternative<std::shared_ptr<T>>(it->second)) it->second = make();
    return std::get<std::shared_ptr<T>>(it->second);
  }

  void callback(std::string_view name, std::string_view type, std::string_view help, MetricLabels labels,
                Read read) {
    std::sort(labels.begin(), labels.end());
    std::lock_guard lock(mutex);
    family(name, type, help).series.insert_or_assign(std::move(labels), std::move(read));
  }

  // With the lock held.
  void remove(const MetricLabels& labels) {
    auto carries_all = [&](const MetricLabels& series) {
      return std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
        return std::find(series.begin(), series.end(), label) != series.end();
      });
    };
    for (auto family = families.begin(); family != families.end();) {
      std::erase_if(family->second.series, [&](const auto& entry) { return carries_all(entry.first); });
      family = family->second.series.empty() ? families.erase(family) : std::next(family);
    }
  }
};

MetricRegistry::MetricRegistry() : impl_(std::make_unique<Impl>()) {}
MetricRegistry::~MetricRegistry() = default;

std::shared_ptr<Counter> MetricRegistry::counter(std::string_view name, std::string_view help,
                                                 MetricLabels labels) {
  return impl_->series<Counter>(name, "counter", help, std::move(labels),
                                [] { return std::make_shared<Counter>(); });
}

std::shared_ptr<Gauge> MetricRegistry::gauge(std::string_view name, std::string_view help,
                                             MetricLabels labels) {
  return impl_->series<Gauge>(name, "gauge", help, std::move(labels),
                              [] { return std::make_shared<Gauge>(); });
}

std::shared_ptr<Histogram> MetricRegistry::histogram(std::string_view name, std::string_view help,
                                                     std::span<const double> bounds, MetricLabels labels) {
  return impl_->series<Histogram>(name, "histogram", help, std::move(labels), [&] {
    return std::make_shared<Histogram>(std::vector<double>(bounds.begin(), bounds.end()));
  });
}

void MetricRegistry::gauge_callback(std::string_view name, std::string_view help, MetricLabels labels,
                                    std::function<double()> read) {
  impl_->callback(name, "gauge", help, std::move(labels), std::move(read));
}

void MetricRegistry::counter_callback(std::string_view name, std::string_view help, MetricLabels labels,
                                      std::function<double()> read) {
  impl_->callback(name, "counter", help, std::move(labels), std::move(read));
}

void MetricRegistry::remove(const MetricLabels& labels) {
  std::lock_guard lock(impl_->mutex);
  impl_->remove(labels);
}

void MetricRegistry::enter(const MetricLabels& labels) {
  std::lock_guard lock(impl_->mutex);
  ++impl_->scopes[labels];
}

void MetricRegistry::leave(const MetricLabels& labels) {
  std::lock_guard lock(impl_->mutex);
  auto scope = impl_->scopes.find(labels);
  if (--scope->second > 0) return;
  impl_->scopes.erase(scope);
  impl_->remove(labels);
}

std::string MetricRegistry::expose() const {
  std::lock_guard lock(impl_->mutex);
  std::string out;
  for (const auto& [name, family] : impl_->families) {
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escape(family.help, false), name, family.type);
    for (const auto& [labels, series] : family.series) {
      if (auto* h = std::get_if<std::shared_ptr<Histogram>>(&series)) {
        expose_histogram(out, name, labels, **h);
        continue;
      }
      double value = 0;
      if (auto* c = std::get_if<std::shared_ptr<Counter>>(&series)) value = (*c)->value();
      if (auto* g = std::get_if<std::shared_ptr<Gauge>>(&series)) value = (*g)->value();
      if (auto* read = std::get_if<Read>(&series)) value = (*read)();
      out += fmt::format("{}{} {}\n", name, label_text(labels), number_text(value));
    }
  }
  return out;
}

MetricScope::MetricScope(MetricRegistry& registry, MetricLabels labels)
    : registry_(&registry), labels_(std::move(labels)) {
  registry.enter(labels_);
}

MetricScope::~MetricScope() {
  release();
}

void MetricScope::release() {
  if (MetricRegistry* registry = registry_.exchange(nullptr)) registry->leave(labels_);
}

MetricLabels MetricScope::with_own(MetricLabels labels) const {
  labels.insert(labels.end(), labels_.begin(), labels_.end());
  return labels;
}

std::shared_ptr<Counter> MetricScope::counter(std::string_view name, std::string_view help,
                                              MetricLabels labels) {
  MetricRegistry* registry = registry_.load();
  if (registry == nullptr) return std::make_shared<Counter>();
  return registry->counter(name, help, with_own(std::move(labels)));
}

std::shared_ptr<Gauge> MetricScope::gauge(std::string_view name, std::string_view help, MetricLabels labels) {
  MetricRegistry* registry = registry_.load();
  if (registry == nullptr) return std::make_shared<Gauge>();
  return registry->gauge(name, help, with_own(std::move(labels)));
}

std::shared_ptr<Histogram> MetricScope::histogram(std::string_view name, std::string_view help,
                                                  std::span<const double> bounds, MetricLabels labels) {
  MetricRegistry* registry = registry_.load();
  if (registry == nullptr)
    return std::make_shared<Histogram>(std::vector<double>(bounds.begin(), bounds.end()));
  return registry->histogram(name, help, bounds, with_own(std::move(labels)));
}

}  // namespace weir
