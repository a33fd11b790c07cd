// TLS over a Stream's socket: the contexts a client and a server need for it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/options.h"
#include "net/stream.h"

namespace weir::net {

// Makes a client's streams. A context (the trusted certificates, above all) costs time and
// memory: each is made when first needed and kept.
class TlsContexts {
 public:
  TlsContexts();
  ~TlsContexts();

  // Files that the options name are read now, so that rotated ones take effect.
  Result<std::unique_ptr<Stream>> wrap(Socket socket, const TlsOptions& options, const std::string& host);

 private:
  struct Context;
  Result<std::shared_ptr<Context>> context(const TlsOptions& options);

  std::map<std::string, std::shared_ptr<Context>> contexts_;
};

// Makes a server's streams.
class ServerTls {
 public:
  // An error when the options, or the files they name, are unusable.
  static Result<std::shared_ptr<ServerTls>> make(ServerTlsOptions options);
  ~ServerTls();

  const ServerTlsOptions& options() const { return options_; }
  // With files as they are now, looked at once a second at most.
  std::unique_ptr<Stream> wrap(Socket socket);

 private:
  using Clock = std::chrono::steady_clock;
  struct Context;

  explicit ServerTls(ServerTlsOptions options) : options_(std::move(options)) {}
  std::string stamp() const;  // of the files
  void refresh();

  ServerTlsOptions options_;
  std::shared_ptr<Context> context_;
  std::string stamp_;
  Clock::time_point looked_;
};

}  // namespace weir::net
