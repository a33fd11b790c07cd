// Blocks that configs for the peer have and that weir has no use for, or not
// yet: the config loads, and their health says so. Each is as stable as elsewhere: a config is not refused
// for it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/duration.h"
#include "components/import_http.h"
#include "runtime/component.h"

namespace weir {

template <class Table>
class Unsupported {
 public:
  static constexpr std::string_view kName = Table::kName;
  static constexpr auto kStability = Table::kStability;
  static constexpr std::string_view kDoc = Table::kDoc;
  using Arguments = Table;
  using Exports = lang::Nothing;
  using DebugInfo = lang::Nothing;

  Unsupported(runtime::Context& ctx, const Arguments&) : ctx_(ctx) {}
  void start() { ctx_.set_health(runtime::HealthState::unhealthy, std::string(Table::kReason)); }
  void apply(const Arguments&) {}
  void stop() {}

 private:
  runtime::Context& ctx_;
};

struct JaegerRemote {
  std::string url = "http://127.0.0.1:5778/sampling";
  std::int64_t max_operations = 256;
  Duration refresh_interval = std::chrono::minutes(1);

  static constexpr auto fields() {
    using Self = JaegerRemote;
    return std::tuple{
        lang::optional("url", &Self::url, "Where the rules of sampling are."),
        lang::optional("max_operations", &Self::max_operations, "Operations that rules may name."),
        lang::optional("refresh_interval", &Self::refresh_interval, "How often to ask for the rules."),
    };
  }
  bool operator==(const JaegerRemote&) const = default;
};

struct TracingBlock {
  static constexpr std::string_view kName = "tracing";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kReason = "not supported: weir makes no traces of itself";
  static constexpr std::string_view kDoc = "Traces of the program itself. Not supported: weir makes none.";
  struct Sampler {
    std::optional<JaegerRemote> jaeger_remote;

    static constexpr auto fields() {
      return std::tuple{lang::block("jaeger_remote", &Sampler::jaeger_remote, "Rules from a server.")};
    }
    bool operator==(const Sampler&) const = default;
  };
  double sampling_fraction = 0.1;
  std::vector<lang::Value> write_to;
  bool send_traceparent = false;
  std::optional<Sampler> sampler;

  static constexpr auto fields() {
    using Self = TracingBlock;
    return std::tuple{
        lang::optional("sampling_fraction", &Self::sampling_fraction, "The part of the traces that is kept."),
        lang::optional("write_to", &Self::write_to, "Where traces go."),
        lang::optional("send_traceparent", &Self::send_traceparent, "Whether requests name their trace."),
        lang::block("sampler", &Self::sampler, "How traces are chosen."),
    };
  }
  bool operator==(const TracingBlock&) const = default;
};

struct RemoteConfigBlock : HttpClientArguments {
  static constexpr std::string_view kName = "remotecfg";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kReason = "not supported: weir takes its config from files only";
  static constexpr std::string_view kDoc =
      "A config from a server beside the local one. Not supported: weir takes its config from files only.";
  std::string url, id, name;
  Duration poll_frequency = std::chrono::minutes(1);
  std::map<std::string, std::string> metadata, attributes;

  static constexpr auto fields() {
    using Self = RemoteConfigBlock;
    return std::tuple_cat(
        std::tuple{
            lang::optional("url", &Self::url, "Address of the server."),
            lang::optional("id", &Self::id, "What this program is called there."),
            lang::optional("name", &Self::name, "The same for people."),
            lang::optional("poll_frequency", &Self::poll_frequency, "How often to ask."),
            lang::optional("metadata", &Self::metadata, "What else to say of this program."),
            lang::optional("attributes", &Self::attributes, "The same in .alloy files."),
        },
        http_client_fields<Self>());
  }
  bool operator==(const RemoteConfigBlock&) const = default;
};

struct LiveDebuggingBlock {
  static constexpr std::string_view kName = "livedebugging";
  static constexpr auto kStability = runtime::Stability::experimental;
  static constexpr std::string_view kReason =
      "not supported: what components are doing stands on the page, at all times";
  static constexpr std::string_view kDoc =
      "Streams what passes through components. Not supported: what they are doing stands on the page, at all "
      "times.";
  bool enabled = false;

  static constexpr auto fields() {
    return std::tuple{lang::optional("enabled", &LiveDebuggingBlock::enabled, "Whether to stream.")};
  }
  bool operator==(const LiveDebuggingBlock&) const = default;
};

struct GitSource {
  struct Login {
    std::string username;
    lang::Secret password;
    std::string password_file;

    static constexpr auto fields() {
      return std::tuple{lang::optional("username", &Login::username, "User name."),
                        lang::optional("password", &Login::password, "Password."),
                        lang::optional("password_file", &Login::password_file, "File that holds it.")};
    }
    bool operator==(const Login&) const = default;
  };
  struct SshKey {
    std::string username;
    lang::Secret key;
    std::string key_file;
    lang::Secret passphrase;

    static constexpr auto fields() {
      return std::tuple{lang::required("username", &SshKey::username, "User name."),
                        lang::optional("key", &SshKey::key, "The key; or key_file."),
                        lang::optional("key_file", &SshKey::key_file, "File that holds the key."),
                        lang::optional("passphrase", &SshKey::passphrase, "Of the key.")};
    }
    bool operator==(const SshKey&) const = default;
  };
  std::string repository, path, revision = "HEAD";
  Duration pull_frequency = std::chrono::minutes(1);
  std::optional<Login> basic_auth;
  std::optional<SshKey> ssh_key;

  template <class Owner>
  static constexpr auto fields_of() {
    auto required = []<class T>(std::string_view name, T GitSource::* member, std::string_view doc) {
      return lang::required<Owner, T>(name, member, doc);
    };
    auto optional = []<class T>(std::string_view name, T GitSource::* member, std::string_view doc) {
      return lang::optional<Owner, T>(name, member, doc);
    };
    auto block = []<class T>(std::string_view name, T GitSource::* member, std::string_view doc) {
      return lang::block<Owner, T>(name, member, doc);
    };
    return std::tuple{
        required("repository", &GitSource::repository, "Address of the repository."),
        required("path", &GitSource::path, "File or folder in it."),
        optional("revision", &GitSource::revision, "Branch, tag or commit."),
        optional("pull_frequency", &GitSource::pull_frequency, "How often to look; 0s is once."),
        block("basic_auth", &GitSource::basic_auth, "User name and password."),
        block("ssh_key", &GitSource::ssh_key, "Key for SSH."),
    };
  }
  bool operator==(const GitSource&) const = default;
};

struct ImportGitBlock : GitSource {
  static constexpr std::string_view kName = "import.git";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kReason =
      "not supported: clone the repository beside weir, and name the file in import.file";
  static constexpr std::string_view kDoc =
      "Definitions from a git repository. Not supported: clone it beside weir, and name the file in "
      "import.file.";
  static constexpr auto fields() { return fields_of<ImportGitBlock>(); }
  bool operator==(const ImportGitBlock&) const = default;
};

struct ModuleGitBlock : GitSource {
  static constexpr std::string_view kName = "module.git";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kReason =
      "not supported: clone the repository beside weir, and name the file in module.file";
  static constexpr std::string_view kDoc =
      "A module from a git repository. Not supported: clone it beside weir, and name the file in "
      "module.file.";
  lang::Nothing arguments;
  static constexpr auto fields() {
    return std::tuple_cat(
        fields_of<ModuleGitBlock>(),
        std::tuple{lang::block("arguments", &ModuleGitBlock::arguments, "Values for its argument blocks.")});
  }
  bool operator==(const ModuleGitBlock&) const = default;
};

struct ModuleHttpBlock : ImportHttp::Arguments {
  static constexpr std::string_view kName = "module.http";
  static constexpr auto kStability = runtime::Stability::stable;
  static constexpr std::string_view kReason =
      "not supported: declare the module in a text of its own, and bring it with import.http";
  static constexpr std::string_view kDoc =
      "A module from a URL. Not supported: declare it in a text of its own, and bring it with import.http.";
  lang::Nothing arguments;
  static constexpr auto fields() {
    return std::tuple_cat(
        fields_of<ModuleHttpBlock>(),
        std::tuple{lang::block("arguments", &ModuleHttpBlock::arguments, "Values for its argument blocks.")});
  }
  bool operator==(const ModuleHttpBlock&) const = default;
};

}  // namespace weir
