#include "components/discovery/kubernetes.h"

#include <algorithm>
#include <set>

#include "components/wording.h"

namespace weir::discovery {
namespace {

// Changes come in bursts: a rollout touches many pods at once.
constexpr Duration kBurst = std::chrono::milliseconds(100);

bool selector_fits(std::string_view role, std::string_view selector) {
  if (role == "endpoints") return selector == "pod" || selector == "service" || selector == "endpoints";
  if (role == "endpointslice")
    return selector == "pod" || selector == "service" || selector == "endpointslice";
  return selector == role || (role == "pod" && selector == "node");
}

}  // namespace

void Kubernetes::Arguments::check(lang::Problems& problems) const {
  HttpClientArguments::check(problems);
  if (!api_server.empty() && !kubeconfig_file.empty()) {
    problems.add("kubeconfig_file", "give api_server or kubeconfig_file, not both");
  }
  if (!api_server.empty() && !api_server.starts_with("http://") && !api_server.starts_with("https://")) {
    problems.add("api_server", fmt::format("\"{}\" is not an http:// or https:// address", api_server));
  }
  const HttpClientArguments& http = *this;
  if (api_server.empty() && http != HttpClientArguments()) {
    problems.add("api_server",
                 "HTTP settings need an api_server: in a cluster the pod's service account is used");
  }
  if (namespaces.own_namespace && !(api_server.empty() && kubeconfig_file.empty())) {
    problems.add("namespaces.own_namespace", "only a pod has a namespace of its own: leave out api_server");
  }
  std::set<std::string_view> roles;
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    const auto& selector = selectors[i];
    std::string place = fmt::format("selectors[{}].role", i);
    if (!roles.insert(selector.role).second) {
      problems.add(place, fmt::format("there are two selectors for role {}", selector.role));
    } else if (!selector_fits(role, selector.role)) {
      problems.add(place, fmt::format("role {} has no use for a selector of {}", role, selector.role));
    }
  }
}

void Kubernetes::start() {
  connect();
}

void Kubernetes::apply(Arguments args) {
  args_ = std::move(args);
  stop();
  backoff_.reset();
  connect();
}

void Kubernetes::stop() {
  retry_.reset();
  publish_soon_.reset();
  watches_.clear();
  api_.reset();
}

void Kubernetes::connect() {
  if (auto begun = begin(); !begun) {
    Duration wait = backoff_.next();
    ctx_.publish_debug_info(DebugInfo{.error = begun.error().message});
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("{}; weir tries again in {}", begun.error().message, rough_text(wait)));
    retry_ = ctx_.after(wait, [this] { connect(); });
  }
}

Result<> Kubernetes::begin() {
  if (args_.role != "pod") return fail("role {} is not supported yet", args_.role);
  if (!args_.kubeconfig_file.empty()) return fail("kubeconfig_file is not supported yet: use api_server");
  const HttpClientArguments& http = args_;
  auto api = KubernetesApi::find({.api_server = args_.api_server,
                                  .http = http,
                                  .service_account = service_account_,
                                  .env = [this](std::string_view name) { return ctx_.env(name); }});
  if (!api) return std::unexpected(api.error());
  std::vector<std::string> names = args_.namespaces.names;
  if (args_.namespaces.own_namespace) {
    auto own = api->own_namespace();
    if (!own) return std::unexpected(own.error());
    names.push_back(*std::move(own));
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty()) names.emplace_back();  // all
  api_.emplace(*std::move(api));
  ctx_.set_health(runtime::HealthState::unknown, "listing pods");
  for (const auto& name : names) {
    PodWatch::Scope scope{.name_space = name};
    for (const auto& selector : args_.selectors) {
      if (selector.role != "pod") continue;
      scope.label_selector = selector.label;
      scope.field_selector = selector.field;
    }
    watches_.push_back(std::make_unique<PodWatch>(ctx_, *api_, std::move(scope), [this] { changed(); }));
  }
  return {};
}

void Kubernetes::changed() {
  if (publish_soon_) return;
  publish_soon_ = ctx_.after(kBurst, [this] {
    publish_soon_.reset();
    publish();
  });
}

void Kubernetes::publish() {
  DebugInfo info{.watches = watches_.size()};
  std::map<std::string_view, const std::vector<TargetPtr>*> pods;
  MonoTime next_try;
  bool synced = true;
  for (const auto& watch : watches_) {
    info.lists += watch->lists();
    synced = synced && watch->synced();
    if (!watch->error().empty()) {
      info.error = watch->error();
      next_try = watch->next_try();
    }
    for (const auto& [key, targets] : watch->pods()) pods[key] = &targets;
  }
  std::vector<TargetPtr> all;
  for (const auto& [key, targets] : pods) all.insert(all.end(), targets->begin(), targets->end());
  info.pods = pods.size();
  info.targets = all.size();
  // Before every namespace is listed a target list would look as if pods had gone.
  if (synced) ctx_.publish(TargetExports{{TargetList::make(std::move(all))}});
  ctx_.publish_debug_info(info);
  if (info.error.empty()) {
    return ctx_.set_health(
        synced ? runtime::HealthState::healthy : runtime::HealthState::unknown,
        fmt::format("{}, {}", count_text(info.pods, "pod"), count_text(info.targets, "target")));
  }
  Duration wait = std::max(Duration::zero(), Duration(next_try - ctx_.clock().mono()));
  ctx_.set_health(runtime::HealthState::unhealthy,
                  fmt::format("{}; weir tries again in {}", info.error, rough_text(wait)));
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Kubernetes>();
