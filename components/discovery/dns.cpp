#include "components/discovery/dns.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "components/wording.h"

namespace weir::discovery {
namespace {

constexpr std::size_t kMostTargets = 100'000;
// After no answer; sooner than refresh_interval, where that is long.
constexpr Duration kRetry = std::chrono::seconds(5);

std::string host_and_port(const std::string& host, std::int64_t port) {
  bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace

std::vector<TargetPtr> dns_targets(const std::string& name, const std::vector<DnsRecord>& records,
                                   DnsType type, std::int64_t port) {
  std::vector<TargetPtr> targets;
  for (const auto& record : records) {
    // A server may put any bytes into a name.
    std::string host = utf8_text(record.host);
    std::vector<Target::Label> labels{{"__meta_dns_name", name}};
    std::int64_t own_port = type == DnsType::srv ? record.port : port;
    if (type == DnsType::srv) {
      labels.emplace_back("__meta_dns_srv_record_target", host + ".");
      labels.emplace_back("__meta_dns_srv_record_port", std::to_string(record.port));
    }
    if (type == DnsType::mx) labels.emplace_back("__meta_dns_mx_record_target", host + ".");
    if (type == DnsType::ns) labels.emplace_back("__meta_dns_ns_record_target", host + ".");
    labels.emplace_back("__address__", host_and_port(host, own_port));
    targets.push_back(Target::make(std::move(labels)));
  }
  return targets;
}

void Dns::Arguments::check(lang::Problems& problems) const {
  auto known = dns_type(type);
  if (!known) problems.add("type", fmt::format("\"{}\" is not one of SRV, A, AAAA, MX and NS", type));
  if (known && *known != DnsType::srv && port == 0) {
    problems.add("port", "records of every type but SRV need a port");
  }
  for (const auto& name : names) {
    bool is_name = !name.empty() && name.size() <= 255 && name.find('\0') == std::string::npos;
    if (!is_name) problems.add("names", fmt::format("\"{}\" is not a name that DNS knows", name));
  }
}

void Dns::apply(Arguments args) {
  // Records of another type are of no use any more.
  if (dns_type(args.type) != dns_type(args_.type)) records_.clear();
  args_ = std::move(args);
  give_up();
  ask();
}

void Dns::stop() {
  timer_.reset();
  give_up();
}

void Dns::give_up() {
  if (question_) question_->stop.request();
  question_.reset();
}

void Dns::ask() {
  timer_.reset();
  std::set<std::string> names(args_.names.begin(), args_.names.end());
  question_ = std::make_shared<Question>();
  question_->names.assign(names.begin(), names.end());
  ctx_.offload(
      [question = question_, type = *dns_type(args_.type), options = options_] {
        question->answers = dns_lookup(question->names, type, options, question->stop);
      },
      [this, question = question_] {
        if (question == question_) answered(*question);
      });
}

void Dns::answered(const Question& question) {
  std::map<std::string, std::vector<DnsRecord>> records;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < question.names.size(); ++i) {
    const std::string& name = question.names[i];
    ++info_.lookups;
    if (question.answers[i]) {
      records[name] = *question.answers[i];
      continue;
    }
    ++failed;
    std::string error = fmt::format("resolve \"{}\": {}", name, question.answers[i].error().message);
    if (failed == 1 && error != info_.error) ctx_.log().warn("a name got no answer", {{"error", error}});
    if (failed == 1) info_.error = std::move(error);
    if (auto known = records_.find(name); known != records_.end()) records[name] = known->second;
  }
  if (failed == 0) info_.error.clear();
  info_.failures += failed;
  info_.names = question.names.size();
  records_ = std::move(records);
  question_.reset();
  report(failed);
  timer_ = ctx_.after(failed > 0 ? std::min(kRetry, args_.refresh_interval) : args_.refresh_interval,
                      [this] { ask(); });
}

void Dns::report(std::size_t failed) {
  std::vector<TargetPtr> targets;
  info_.without_records = 0;
  for (const auto& [name, records] : records_) {
    if (records.empty()) ++info_.without_records;
    auto own = dns_targets(name, records, *dns_type(args_.type), args_.port);
    targets.insert(targets.end(), own.begin(), own.end());
  }
  bool too_many = targets.size() > kMostTargets;
  if (too_many) targets.resize(kMostTargets);
  info_.targets = targets.size();
  ctx_.publish(TargetExports{{TargetList::make(std::move(targets))}});
  ctx_.publish_debug_info(info_);
  std::string message =
      fmt::format("{}, {}", count_text(info_.names, "name"), count_text(info_.targets, "target"));
  if (info_.without_records > 0) {
    message += fmt::format("; {} without {} records", count_text(info_.without_records, "name"), args_.type);
  }
  if (too_many) message += fmt::format("; more than {} are left out", kMostTargets);
  if (failed > 0) {
    message = fmt::format("{}; what was known before stays; {}", info_.error, message);
    if (failed > 1) message += fmt::format("; {} more got no answer", count_text(failed - 1, "name"));
  }
  ctx_.set_health(failed > 0 || too_many ? runtime::HealthState::unhealthy : runtime::HealthState::healthy,
                  std::move(message));
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Dns>();
