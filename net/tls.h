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

// Makes a server's streams, by what its files held when it was made.
class ServerTls {
 public:
  // An error when the options, or the files they name, are unusable.
  static Result<std::shared_ptr<ServerTls>> make(ServerTlsOptions options);
  ~ServerTls();

  // Whether the other one lets the same clients in by the same rules; its own certificate may be another.
  bool believes_as(const ServerTls& other) const;
  std::unique_ptr<Stream> wrap(Socket socket);

 private:
  struct Context;

  explicit ServerTls(ServerTlsOptions options) : options_(std::move(options)) {}

  ServerTlsOptions options_;
  std::string client_ca_;  // the text of it
  std::shared_ptr<Context> context_;
};

}  // namespace weir::net
