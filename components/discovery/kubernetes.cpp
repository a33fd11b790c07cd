#include "components/discovery/kubernetes.h"

#include <algorithm>
#include <set>

#include "components/discovery/kubernetes_selector.h"
#include "components/wording.h"

namespace weir::discovery {
namespace {

// Changes come in bursts: a rollout touches many pods at once.
constexpr Duration kBurst = std::chrono::milliseconds(100);
// Where there is always something, what comes after us is not to be busy with nothing else.
constexpr Duration kPause = std::chrono::seconds(1);

bool selector_fits(std::string_view role, std::string_view selector) {
  if (role == "endpoints") return selector == "pod" || selector == "service" || selector == "endpoints";
  if (role == "endpointslice")
    return selector == "pod" || selector == "service" || selector == "endpointslice";
  return selector == role || (role == "pod" && selector == "node");
}

void check_selectors(const Kubernetes::Arguments& args, lang::Problems& problems) {
  std::set<std::string_view> roles;
  for (std::size_t i = 0; i < args.selectors.size(); ++i) {
    const auto& selector = args.selectors[i];
    std::string place = fmt::format("selectors[{}].role", i);
    if (!roles.insert(selector.role).second) {
      problems.add(place, fmt::format("there are two selectors for role {}", selector.role));
    } else if (!selector_fits(args.role, selector.role)) {
      problems.add(place, fmt::format("role {} has no use for a selector of {}", args.role, selector.role));
    } else if (args.role == "pod" && selector.role == "node" && !args.attach_metadata.node) {
      problems.add(place, "a selector of nodes has an effect only with attach_metadata { node = true }");
    }
    auto complain = [&](std::string_view field, const Result<>& checked) {
      if (!checked) problems.add(fmt::format("selectors[{}].{}", i, field), checked.error().message);
    };
    complain("label", check_label_selector(selector.label));
    complain("field", check_field_selector(selector.field));
  }
}

// Where only pods of one node are looked at, the other nodes need not be known: a selector for it.
std::string node_of(const Kubernetes::Arguments& args) {
  constexpr std::string_view kNode = "spec.nodeName=";
  if (args.role != "pod") return "";
  for (const auto& selector : args.selectors) {
    if (selector.role == "node") return "";
    std::string_view field = selector.field;
    if (!field.starts_with(kNode) || field.find(',') != std::string_view::npos) continue;
    field.remove_prefix(kNode.size());
    if (field.starts_with('=')) field.remove_prefix(1);
    return fmt::format("metadata.name={}", field);
  }
  return "";
}

// As count_text() takes it.
const char* noun_of(std::string_view role) {
  if (role == "endpoints") return "endpoints object";
  if (role == "endpointslice") return "endpoint slice";
  return role == "node" ? "node" : role == "service" ? "service" : role == "ingress" ? "ingress" : "pod";
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
                 kubeconfig_file.empty()
                     ? "HTTP settings need an api_server: in a cluster the pod's service account is used"
                     : "HTTP settings need an api_server: the kubeconfig_file has its own");
  }
  if (namespaces.own_namespace && !(api_server.empty() && kubeconfig_file.empty())) {
    problems.add("namespaces.own_namespace",
                 "only a pod has a namespace of its own: leave out api_server and kubeconfig_file");
  }
  check_selectors(*this, problems);
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
  role_.reset();
  api_.reset();
  is_complete_ = is_dirty_ = is_published_ = false;
}

void Kubernetes::connect() {
  if (auto begun = begin(); !begun) {
    Duration wait = backoff_.next();
    ctx_.publish_debug_info(DebugInfo{.error = begun.error().message, .watches = {}});
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("{}; weir tries again in {}", begun.error().message, rough_text(wait)));
    retry_ = ctx_.after(wait, [this] { connect(); });
  }
}

Result<> Kubernetes::begin() {
  const HttpClientArguments& http = args_;
  auto api = KubernetesApi::find({.api_server = args_.api_server,
                                  .kubeconfig_file = args_.kubeconfig_file,
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
  bool selects_nodes =
      std::ranges::any_of(args_.selectors, [](const auto& selector) { return selector.role == "node"; });
  role_ = KubernetesRole::make({.role = args_.role,
                                .dialect = args_.dialect,
                                .attach_node = args_.attach_metadata.node,
                                .attach_namespace = args_.attach_metadata.name_space,
                                .selects_nodes = selects_nodes});
  ctx_.set_health(runtime::HealthState::unknown, fmt::format("listing {}", role_->feeds()[0].resource.name));
  for (const auto& feed : role_->feeds()) add_watches(feed, names);
  is_complete_ = true;
  return {};
}

void Kubernetes::add_watches(const KubernetesRole::Feed& feed, const std::vector<std::string>& names) {
  bool is_namespace = feed.resource.name == "namespaces";
  std::uint32_t number = 0;
  for (const auto& name : names) {
    KubernetesWatch::Scope scope{
        .feed = feed, .number = number++, .name_space = {}, .label_selector = {}, .field_selector = {}};
    for (const auto& selector : args_.selectors) {
      if (selector.role != feed.selector) continue;
      scope.label_selector = selector.label;
      scope.field_selector = selector.field;
    }
    if (feed.resource.is_namespaced) scope.name_space = name;
    if (is_namespace && !name.empty()) scope.field_selector = "metadata.name=" + name;
    if (feed.selector == "node" && scope.field_selector.empty()) scope.field_selector = node_of(args_);
    watches_.push_back(
        std::make_unique<KubernetesWatch>(ctx_, *api_, std::move(scope), [this] { changed(); }));
    if (!feed.resource.is_namespaced && !is_namespace) return;
  }
}

// A namespace that is closed to us does not hide the others, as long as nothing of it would be shown
// without its labels.
bool Kubernetes::is_settled(const KubernetesWatch& watch) const {
  const std::string& name = watch.scope().name_space;
  if (watch.synced() || name.empty() || !watch.is_forbidden()) return watch.synced();
  return std::ranges::none_of(watches_, [&](const auto& other) {
    const auto& scope = other->scope();
    return scope.name_space == name && scope.feed.sink == role_->feeds()[0].sink && other->synced();
  });
}

bool Kubernetes::synced() const {
  bool has_some = std::ranges::any_of(watches_, [](const auto& watch) { return watch->synced(); });
  return has_some && std::ranges::all_of(watches_, [&](const auto& watch) { return is_settled(*watch); });
}

void Kubernetes::changed() {
  // The sooner targets are made, the sooner the rest of their objects is forgotten.
  if (role_->stands_alone()) is_dirty_ = role_->update() || is_dirty_;
  if (!is_published_ && is_complete_ && synced()) return publish();
  if (publish_soon_) return;
  Duration since = ctx_.clock().mono() - last_publication_;
  publish_soon_ = ctx_.after(std::max(kBurst, kPause - since), [this] { publish(); });
}

void Kubernetes::publish() {
  publish_soon_.reset();
  // Before everything is listed a target list would look as if some had gone.
  if (synced()) {
    is_dirty_ = role_->update() || is_dirty_;
    if (is_dirty_ || !is_published_) {
      std::vector<TargetPtr> targets = role_->targets();
      targets_ = {TargetList::make(std::move(targets), *targets_.list)};
      ctx_.publish(TargetExports{targets_});
      last_publication_ = ctx_.clock().mono();
    }
    is_published_ = true;
    is_dirty_ = false;
  }
  report();
}

void Kubernetes::report() {
  KubernetesLeftOut left_out = role_->left_out();
  DebugInfo info{.objects = role_->objects(),
                 .without_target = role_->without_target(),
                 .targets = targets_.size(),
                 .left_out = left_out.targets,
                 .left_out_example = left_out.example,
                 .error = {},
                 .watches = {}};
  std::uint64_t too_large = 0;
  const KubernetesWatch* worst = nullptr;
  for (const auto& watch : watches_) {
    info.watches.push_back({.objects = std::string(watch->scope().feed.resource.name),
                            .name_space = watch->scope().name_space,
                            .synced = watch->synced(),
                            .lists = watch->lists(),
                            .events = watch->events(),
                            .failures = watch->failures(),
                            .too_large = watch->too_large(),
                            .error = watch->error()});
    too_large += watch->too_large();
    if (!worst && !watch->error().empty()) worst = watch.get();
  }
  if (worst) info.error = worst->error();
  ctx_.publish_debug_info(info);
  if (!worst) {
    std::string message = fmt::format("{}, {}", count_text(info.objects, noun_of(args_.role)),
                                      count_text(targets_.size(), "target"));
    if (is_published_) {
      message += if_none(info.objects, "the API server knows none that fits") +
                 left_out_text(info.without_target, noun_of(args_.role), why_no_target(args_.role));
    }
    if (too_large > 0) message += fmt::format("; {} too large to read", count_text(too_large, "object"));
    if (left_out.targets > 0) message += "; " + text_of(left_out);
    auto state = left_out.targets > 0 ? runtime::HealthState::unhealthy
                 : is_published_      ? runtime::HealthState::healthy
                                      : runtime::HealthState::unknown;
    return ctx_.set_health(state, std::move(message));
  }
  std::string kept = is_published_ ? fmt::format("; the targets of {} stay", format_time(worst->news_until()))
                                   : std::string();
  Duration wait = std::max(Duration::zero(), Duration(worst->next_try() - ctx_.clock().mono()));
  ctx_.set_health(runtime::HealthState::unhealthy,
                  fmt::format("{}{}; weir tries again in {}", worst->error(), kept, rough_text(wait)));
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Kubernetes>();
