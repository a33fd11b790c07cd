#include "tests/web/demo/profiles.h"

#include <cmath>
#include <random>

namespace weir::web::testing {
namespace {

using profile::FrameKind;
using profile::NoName;

constexpr auto kEvery = std::chrono::seconds(15);
constexpr auto kHistory = std::chrono::minutes(75);
constexpr std::int64_t kPeriod = 10'309'278;  // 97 Hz

struct Step {
  const char* function;  // empty: has no name
  const char* module;
  FrameKind kind = FrameKind::native;
  NoName why = NoName::named;
};

// Root first; `weight` is its share of the service, `later` what becomes of it when a new version runs.
struct Path {
  double weight;
  std::vector<Step> steps;
  double later = 1;
};

struct Service {
  const char* name;
  double cores;
  std::vector<Path> paths;
};

Step py(const char* function) {
  return {function, "python3.11", FrameKind::python};
}
Step kernel(const char* function) {
  return {function, "[kernel]", FrameKind::kernel};
}
Step go(const char* function) {
  return {function, "edge-gateway", FrameKind::go};
}

std::vector<Path> checkout_paths() {
  const Step start{"_start", "python3.11"}, run{"Py_RunMain", "python3.11"},
      eval{"_PyEval_EvalFrameDefault", "python3.11"};
  const std::vector<Step> base{start,
                               run,
                               py("<module> gunicorn"),
                               py("Arbiter.run"),
                               py("SyncWorker.run"),
                               py("SyncWorker.handle_request"),
                               py("Flask.wsgi_app"),
                               py("Flask.full_dispatch_request")};
  auto under = [&](std::initializer_list<Step> more) {
    auto steps = base;
    steps.insert(steps.end(), more);
    return steps;
  };
  const Step quote = py("checkout.views.quote"), basket = py("pricing.price_basket"),
             pay = py("checkout.views.pay");
  return {
      {13,
       under({quote,
              basket,
              py("pricing.rules.apply_discounts"),
              py("RuleEngine.evaluate"),
              eval,
              {"re_match", "python3.11"}}),
       2.6},
      {6,
       under({quote,
              basket,
              py("pricing.rules.apply_discounts"),
              py("RuleEngine.evaluate"),
              eval,
              {"dict_lookup", "python3.11"}}),
       1.7},
      {3, under({quote, basket, py("pricing.rules.apply_discounts"), eval})},
      {12, under({quote,
                  basket,
                  py("acme.tax.TaxClient.rate"),
                  {"acme_tax_lookup", "libacme_tax.so"},
                  {"", "libacme_tax.so", FrameKind::native, NoName::stripped}})},
      {8, under({quote,
                 basket,
                 py("numpy.dot"),
                 {"cblas_dgemm", "libopenblas.so.0"},
                 {"dgemm_kernel_HASWELL", "libopenblas.so.0"}})},
      {4,
       under({quote,
              py("json.dumps"),
              {"encoder_listencode_obj", "_json.so"},
              {"PyUnicode_Append", "python3.11"}}),
       0.4},
      {5, under({pay,
                 py("payment.Gateway.charge"),
                 py("requests.Session.send"),
                 py("urllib3.connectionpool.urlopen"),
                 {"SSL_write", "libssl.so.3"},
                 {"aes_gcm_enc_update", "libcrypto.so.3"}})},
      {4, under({pay,
                 py("payment.Gateway.charge"),
                 py("requests.Session.send"),
                 py("urllib3.connectionpool.urlopen"),
                 {"__send", "libc.so.6"},
                 kernel("entry_SYSCALL_64"),
                 kernel("do_syscall_64"),
                 kernel("__sys_sendto"),
                 kernel("tcp_sendmsg"),
                 kernel("tcp_write_xmit"),
                 kernel("__alloc_skb")})},
      {3, under({pay,
                 py("orm.Session.commit"),
                 {"PQexec", "libpq.so.5"},
                 {"__poll", "libc.so.6"},
                 kernel("entry_SYSCALL_64"),
                 kernel("do_syscall_64"),
                 kernel("do_sys_poll")})},
      {4, under({py("checkout.views.basket"),
                 py("catalogue.load"),
                 py("datetime.parse"),
                 {"_PyLong_Format", "python3.11"}})},
      {4,
       {start,
        run,
        {"_PyGC_Collect", "python3.11"},
        {"gc_collect_main", "python3.11"},
        {"move_unreachable", "python3.11"}}},
      {2,
       {start,
        run,
        {"_PyGC_Collect", "python3.11"},
        {"gc_collect_main", "python3.11"},
        {"delete_garbage", "python3.11"}}},
  };
}

std::vector<Path> thumbnail_paths() {
  const Step start{"_start", "thumbnails"}, libc{"__libc_start_main", "libc.so.6"},
      main{"main", "thumbnails"};
  const Step work{"thumbs::Worker::run(std::stop_token)", "thumbnails"};
  const Step resize{"thumbs::resize(thumbs::Image const&, thumbs::Size)", "thumbnails"};
  return {
      {42,
       {start, libc, main, work, resize, {"thumbs::lanczos_row(float const*, float*, int)", "thumbnails"}}},
      {21,
       {start,
        libc,
        main,
        work,
        resize,
        {"thumbs::lanczos_column(float const*, float*, int)", "thumbnails"}}},
      {18,
       {start,
        libc,
        main,
        work,
        {"thumbs::encode_jpeg(thumbs::Image const&)", "thumbnails"},
        {"jpeg_fdct_islow", "libjpeg.so.62"}}},
      {7,
       {start,
        libc,
        main,
        work,
        {"thumbs::encode_jpeg(thumbs::Image const&)", "thumbnails"},
        {"", "libjpeg.so.62", FrameKind::native, NoName::stripped}}},
      {6, {start, libc, main, work, {"__memmove_avx_unaligned_erms", "libc.so.6"}}},
      {4,
       {start,
        libc,
        main,
        work,
        {"read", "libc.so.6"},
        kernel("entry_SYSCALL_64"),
        kernel("do_syscall_64"),
        kernel("ksys_read"),
        kernel("copy_user_generic")}},
      {2,
       {{"", "", FrameKind::unknown, NoName::no_mapping},
        {"thumbs::lanczos_row(float const*, float*, int)", "thumbnails"}}},
  };
}

std::vector<Path> gateway_paths() {
  const std::vector<Step> base{go("runtime.goexit"), go("net/http.(*conn).serve"),
                               go("net/http.serverHandler.ServeHTTP"), go("edge.(*Router).ServeHTTP")};
  auto under = [&](std::initializer_list<Step> more) {
    auto steps = base;
    steps.insert(steps.end(), more);
    return steps;
  };
  return {
      {20,
       under({go("edge.(*Auth).Verify"), go("crypto/ecdsa.Verify"), go("crypto/internal/nistec.p256Mul")})},
      {14, under({go("edge.(*Proxy).forward"), go("io.Copy"), go("crypto/tls.(*Conn).Write"),
                  go("crypto/aes.gcmAesEnc")})},
      {10, under({go("edge.(*Proxy).forward"), go("net/http.(*Transport).RoundTrip"), go("syscall.Syscall"),
                  kernel("entry_SYSCALL_64"), kernel("tcp_sendmsg")})},
      {12, {go("runtime.gcBgMarkWorker"), go("runtime.gcDrain"), go("runtime.scanobject")}},
      {6, {go("runtime.mcall"), go("runtime.schedule"), go("runtime.findRunnable")}},
  };
}

std::vector<Path> plain_paths(const char* module) {
  const Step main{"main", module}, loop{"event_loop", module};
  return {
      {40, {{"_start", module}, main, loop, {"handle_request", module}, {"parse", module}}},
      {25, {{"_start", module}, main, loop, {"handle_request", module}, {"lookup", module}}},
      {20,
       {{"_start", module},
        main,
        loop,
        {"epoll_wait", "libc.so.6"},
        kernel("entry_SYSCALL_64"),
        kernel("ep_poll")}},
      {10, {{"_start", module}, main, loop, {"", module, FrameKind::native, NoName::stripped}}},
  };
}

std::vector<Service> all_services() {
  return {{"checkout-api", 1.42, checkout_paths()},
          {"thumbnails", 1.18, thumbnail_paths()},
          {"edge-gateway", 0.96, gateway_paths()},
          {"postgres", 0.55, plain_paths("postgres")},
          {"redis", 0.22, plain_paths("redis-server")},
          {"otel-collector", 0.31, gateway_paths()},
          {"a-service-with-a-very-long-name-indeed", 0.06, plain_paths("long")},
          {"<img src=x onerror=alert(1)>", 0.02, plain_paths("\"><script>")}};
}

std::uint32_t mapping_of(profile::Profile& p, const char* module) {
  if (!*module) return profile::kNoMapping;
  for (std::uint32_t i = 0; i < p.mappings.size(); ++i) {
    if (p.mappings[i].file == module) return i;
  }
  p.mappings.push_back({.file = module});
  return static_cast<std::uint32_t>(p.mappings.size() - 1);
}

profile::Profile make_profile(const Service& service, WallTime start, bool is_later, std::mt19937& random) {
  profile::Profile p;
  p.id = profile::ProfileId::random();
  p.labels = profile::Labels{{"service_name", service.name}, {"__name__", "process_cpu"}};
  p.period = kPeriod;
  p.start = start;
  p.duration = kEvery;
  double wave = 1 + 0.25 * std::sin(std::chrono::duration<double>(start.time_since_epoch()).count() / 400);
  double weights = 0;
  for (const auto& path : service.paths) weights += path.weight;
  for (const auto& path : service.paths) {
    profile::Stack stack{.complete = path.steps.front().module[0] != '\0'};
    std::uint64_t address = 0x1a2f40;
    for (auto step = path.steps.rbegin(); step != path.steps.rend(); ++step) {
      profile::Frame frame{step->kind, step->why, mapping_of(p, step->module), address++, {}};
      if (step->why == NoName::stripped) {
        p.mappings[frame.mapping].why_no_name =
            "it has no .symtab; no debug file: /usr/lib/debug/.build-id/3f/9c1b2a77de.debug: no such file or "
            "directory";
      }
      if (*step->function) frame.lines = {{step->function, "", 0}};
      stack.frames.push_back(static_cast<std::uint32_t>(p.frames.size()));
      p.frames.push_back(frame);
    }
    double expected =
        service.cores * wave * path.weight * (is_later ? path.later : 1) / weights * 15e9 / kPeriod;
    std::int64_t count = std::poisson_distribution<std::int64_t>(expected)(random);
    if (count == 0) continue;
    p.samples.push_back({static_cast<std::uint32_t>(p.stacks.size()), count * kPeriod, count});
    p.stacks.push_back(stack);
  }
  return p;
}

// What a service keeps in memory, as a runtime that is scraped tells it.
profile::Profile in_use(profile::Profile p) {
  p.id = profile::ProfileId::random();
  p.labels =
      profile::Labels{{"service_name", std::string(p.labels.get("service_name"))}, {"__name__", "memory"}};
  p.type = {"memory", "inuse_space", "bytes", "space", "bytes"};
  p.period = 512 << 10;
  for (auto& sample : p.samples) sample.value = sample.count * p.period;
  return p;
}

class GrowingStore : public MemoryStore {
 public:
  explicit GrowingStore(bool has_memory) : has_memory_(has_memory) {}

  std::vector<store::ServiceSummary> services(store::TimeRange range) const override {
    const_cast<GrowingStore*>(this)->grow();
    return MemoryStore::services(range);
  }

 private:
  void grow() {
    for (; next_ + kEvery <= system_clock().wall(); next_ += kEvery) {
      for (const auto& service : services_) {
        auto profile = make_profile(service, next_, next_ >= new_version_, random_);
        if (has_memory_ && service.name == std::string_view("edge-gateway")) add(in_use(profile));
        add(std::move(profile));
      }
    }
  }

  bool has_memory_;
  std::vector<Service> services_ = all_services();
  std::mt19937 random_{7};
  WallTime next_ = system_clock().wall() - kHistory;
  WallTime new_version_ = system_clock().wall() - std::chrono::minutes(7);
};

// Knows what there is, and cannot read it.
class BrokenStore final : public GrowingStore {
 public:
  BrokenStore() : GrowingStore(false) {}
  Result<profile::FlameTree> flame(const store::Selection&, std::size_t) const override {
    return fail("segment 0412: bad checksum at byte 18204771");
  }
  Result<profile::Profile> merge(const store::Selection&) const override {
    return fail("segment 0412: bad checksum at byte 18204771");
  }
};

}  // namespace

std::shared_ptr<MemoryStore> growing_store(bool has_memory) {
  return std::make_shared<GrowingStore>(has_memory);
}

std::shared_ptr<MemoryStore> broken_store() {
  return std::make_shared<BrokenStore>();
}

}  // namespace weir::web::testing
