#include "tests/runtime/test_components.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "base/duration.h"
#include "base/fd.h"

namespace weir::runtime::testing {

void Stage::reset() {
  std::lock_guard lock(mutex_);
  events_.clear();
  publishers_.clear();
  obedient_.clear();
  released_ = false;
}

void Stage::did(std::string_view what, std::string_view id) {
  std::lock_guard lock(mutex_);
  events_.push_back(std::string(what) + " " + std::string(id));
}

std::vector<std::string> Stage::take_events() {
  std::lock_guard lock(mutex_);
  auto events = std::exchange(events_, {});
  std::ranges::sort(events);
  return events;
}

void Stage::enter(std::string_view id, std::function<void(std::string)> publish) {
  std::lock_guard lock(mutex_);
  publishers_.insert_or_assign(std::string(id), std::move(publish));
}

void Stage::leave(std::string_view id) {
  std::lock_guard lock(mutex_);
  auto it = publishers_.find(id);
  if (it != publishers_.end()) publishers_.erase(it);
  auto obedient = obedient_.find(id);
  if (obedient != obedient_.end()) obedient_.erase(obedient);
}

void Stage::obey(std::string_view id, Obey obey) {
  std::lock_guard lock(mutex_);
  obedient_.insert_or_assign(std::string(id), std::move(obey));
}

bool Stage::tell(std::string_view id, std::string what) {
  Obey obey;
  {
    std::lock_guard lock(mutex_);
    auto it = obedient_.find(id);
    if (it == obedient_.end()) return false;
    obey = it->second;
  }
  obey(std::move(what));
  return true;
}

bool Stage::publish(std::string_view id, std::string value) {
  std::function<void(std::string)> publish;
  {
    std::lock_guard lock(mutex_);
    auto it = publishers_.find(id);
    if (it == publishers_.end()) return false;
    publish = it->second;
  }
  publish(std::move(value));
  return true;
}

void Stage::hang() {
  std::unique_lock lock(mutex_);
  ++hanging_;
  changed_.wait(lock, [&] { return released_; });
  --hanging_;
}

void Stage::release() {
  std::lock_guard lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

int Stage::hanging() const {
  std::lock_guard lock(mutex_);
  return hanging_;
}

Stage& stage() {
  static Stage the_stage;
  return the_stage;
}

namespace {

struct ValueExports {
  std::string value;

  static constexpr auto fields() {
    return std::tuple{lang::required("value", &ValueExports::value, "The value.")};
  }
};

class Source {
 public:
  static constexpr std::string_view kName = "test.source";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Exports a value.";
  struct Arguments {
    std::string value;
    bool hold = false;

    static constexpr auto fields() {
      return std::tuple{lang::optional("value", &Arguments::value, "What to export."),
                        lang::optional("hold", &Arguments::hold, "Whether to wait for the test.")};
    }
    void check(lang::Problems& problems) const {
      if (value == "bad") problems.add("value", "value must not be bad");
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = ValueExports;
  using DebugInfo = lang::Nothing;

  Source(Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) { stage().did("make", ctx.id()); }
  void start() {
    stage().did("start", ctx_.id());
    stage().enter(ctx_.id(),
                  [this](std::string value) { ctx_.post([this, value] { ctx_.publish(Exports{value}); }); });
    stage().obey(ctx_.id(), [this](std::string what) { ctx_.post([this, what] { obey(what); }); });
    if (!args_.hold) ctx_.publish(Exports{args_.value});
  }
  void apply(Arguments args) {
    stage().did("apply", ctx_.id());
    args_ = std::move(args);
    if (!args_.hold) ctx_.publish(Exports{args_.value});
  }
  void stop() {
    stage().leave(ctx_.id());
    stage().did("stop", ctx_.id());
  }

 private:
  void obey(const std::string& what) {
    if (what == "throw") throw std::runtime_error("it was told to");
    if (what == "fail") ctx_.set_health(HealthState::unhealthy, "told to fail");
    if (what == "block") stage().hang();
  }

  Context& ctx_;
  Arguments args_;
};

class Join {
 public:
  static constexpr std::string_view kName = "test.join";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Joins values.";
  struct Arguments {
    std::vector<std::string> values;
    std::string constant;
    std::string separator;

    static constexpr auto fields() {
      return std::tuple{lang::required("values", &Arguments::values, "What to join."),
                        lang::optional("constant", &Arguments::constant, "Exported instead, when set."),
                        lang::optional("separator", &Arguments::separator, "What stands in between.")
                            .without_effect("it is always +")};
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = ValueExports;
  using DebugInfo = lang::Nothing;

  Join(Context&, Arguments) {}
  Exports evaluate(const Arguments& args) {
    if (!args.constant.empty()) return {args.constant};
    std::string joined;
    for (const auto& value : args.values) {
      if (value == "throw") throw std::runtime_error("it was told to");
      joined += (joined.empty() ? "" : "+") + value;
    }
    return {joined};
  }
};

class Sink {
 public:
  static constexpr std::string_view kName = "test.sink";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Takes a value.";
  struct Part {
    std::string name;

    static constexpr auto fields() { return std::tuple{lang::required("name", &Part::name, "Its name.")}; }
    bool operator==(const Part&) const = default;
  };
  struct Arguments {
    std::string value;
    std::int64_t number = 1;
    std::vector<Part> parts;

    static constexpr auto fields() {
      return std::tuple{lang::optional("value", &Arguments::value, "What to take."),
                        lang::optional("number", &Arguments::number, "A number.").at_least(1),
                        lang::block("part", &Arguments::parts, "A part.")};
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  Sink(Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) { stage().did("make", ctx.id()); }
  void start() {
    stage().did("start", ctx_.id());
    report();
  }
  void apply(Arguments args) {
    stage().did("apply", ctx_.id());
    args_ = std::move(args);
    report();
  }
  void stop() { stage().did("stop", ctx_.id()); }

 private:
  void report() { ctx_.set_health(HealthState::healthy, "has " + args_.value); }

  Context& ctx_;
  Arguments args_;
};

class Trouble {
 public:
  static constexpr std::string_view kName = "test.trouble";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Hangs or throws.";
  struct Arguments {
    std::string how = "hang";
    std::string at;
    std::int64_t version = 0;

    static constexpr auto fields() {
      return std::tuple{
          lang::optional("how", &Arguments::how, "What to do.").one_of("hang|throw"),
          lang::required("at", &Arguments::at, "Where to do it.")
              .one_of("construct|start|apply|stop|timer|work"),
          lang::optional("version", &Arguments::version, "Changes, so that there is something to apply.")};
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  Trouble(Context& ctx, Arguments args) : ctx_(ctx), args_(std::move(args)) { here("construct"); }
  ~Trouble() { stage().did("end", ctx_.id()); }
  void start() {
    stage().did("start", ctx_.id());
    timer_ = ctx_.after(Duration::zero(), [this] { here("timer"); });
    if (args_.at == "work") ctx_.offload([] { stage().hang(); }, [] {});
    here("start");
  }
  void apply(Arguments) {
    stage().did("apply", ctx_.id());
    here("apply");
  }
  void stop() {
    stage().did("stop", ctx_.id());
    here("stop");
  }

 private:
  void here(std::string_view place) {
    if (args_.at != place) return;
    if (args_.how == "throw") throw std::runtime_error("it was told to");
    stage().hang();
    // Whatever it does now must not matter, nor hurt.
    ctx_.log().info("back again");
    ctx_.set_health(HealthState::healthy, "back again");
    ctx_.metrics().counter("weir_test_back", "Times a component came back.")->add();
    ctx_.post([] {});
  }

  Context& ctx_;
  Arguments args_;
  Timer timer_;
};

class Stuck {
 public:
  static constexpr std::string_view kName = "test.stuck";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Hangs when told to.";
  struct Arguments {
    std::string value;

    static constexpr auto fields() {
      return std::tuple{lang::required("value", &Arguments::value, "Hangs on \"hang\".")};
    }
    bool operator==(const Arguments&) const = default;
  };
  using Exports = ValueExports;
  using DebugInfo = lang::Nothing;

  Stuck(Context& ctx, Arguments) : ctx_(ctx) {}
  ~Stuck() { stage().did("end", ctx_.id()); }
  Exports evaluate(const Arguments& args) {
    if (args.value == "hang") stage().hang();
    return {args.value};
  }

 private:
  Context& ctx_;
};

class Io {
 public:
  static constexpr std::string_view kName = "test.io";
  static constexpr auto kStability = Stability::stable;
  static constexpr std::string_view kDoc = "Uses the world.";
  using Arguments = lang::Nothing;
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  Io(Context& ctx, Arguments) : ctx_(ctx) {}
  void start() {
    ctx_.offload([] { stage().did("work", "io"); }, [this] { stage().did("work done", ctx_.id()); });
    timer_ = ctx_.after(std::chrono::milliseconds(1), [this] { tick(); });
    gone_ = ctx_.after(std::chrono::milliseconds(1), [] { stage().did("never", "io"); });
    gone_ = nullptr;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
    watch_ = ctx_.on_readable(read_end_.get(), [this] { read_one(); });
    fetch_ = ctx_.fetch({.url = "http://test/"},
                        {.on_data = [](std::string_view d) { stage().did("data", d); },
                         .on_done =
                             [](Result<FetchResponse> r) {
                               stage().did("done", r ? std::to_string(r->status) : r.error().message);
                             }});
    mount_ = ctx_.http().mount(ctx_.id(), [](const HttpRequest& request, HttpReply reply) {
      reply({.status = 200, .body = "you asked for " + request.path});
    });
  }
  void apply(Arguments) {}
  void stop() {
    mount_ = nullptr;
    fetch_ = nullptr;
  }

 private:
  void tick() {
    stage().did("tick", ctx_.id());
    if (::write(write_end_.get(), "ab", 2) != 2) throw std::runtime_error("cannot write");
  }
  void read_one() {
    char c = 0;
    if (::read(read_end_.get(), &c, 1) != 1) throw std::runtime_error("cannot read");
    stage().did("read", std::string_view(&c, 1));
    if (c == 'b') watch_ = nullptr;
  }

  Context& ctx_;
  Fd read_end_, write_end_;
  Timer timer_, gone_, watch_;
  std::unique_ptr<Fetch> fetch_;
  std::unique_ptr<HttpService::Mount> mount_;
};

}  // namespace

void register_test_components(Registry& registry) {
  registry.add(Source::kName, [] { return component_type<Source>(); });
  registry.add(Join::kName, [] { return component_type<Join>(); });
  registry.add(Sink::kName, [] { return component_type<Sink>(); });
  registry.add(Stuck::kName, [] { return component_type<Stuck>(); });
  registry.add(Io::kName, [] { return component_type<Io>(); });
  registry.add(Trouble::kName, [] { return component_type<Trouble>(); });
}

}  // namespace weir::runtime::testing
