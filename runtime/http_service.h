// HttpService: lets a component answer HTTP requests, and say whom the server
// believes, without knowing the server. Implemented in cli/ with what net/ offers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::runtime {

struct HttpRequest {
  std::string method;
  std::string path;   // below the mount point
  std::string query;  // raw
  std::string content_type;
  std::string body;
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

using HttpReply = std::function<void(HttpAnswer)>;
// Called on the server's thread; must return at once and reply exactly once, from any thread.
using HttpHandler = std::function<void(const HttpRequest&, HttpReply)>;

struct HttpTls {
  std::string cert_pem, cert_file;
  std::string key_pem, key_file;
  std::string client_ca_pem, client_ca_file;
  std::string client_auth_type;
  std::vector<std::string> cipher_suites, curve_preferences;
  std::string min_version, max_version;
};

struct HttpPassword {
  std::string username, password;
  // Beginnings of paths: those that need the password or, when `authenticates_matching` is false, those that
  // do not. None: every path needs it.
  std::vector<std::string> paths;
  bool authenticates_matching = true;
};

struct HttpSecurity {
  std::optional<HttpTls> tls;
  std::optional<HttpPassword> password;
};

class HttpService {
 public:
  virtual ~HttpService() = default;

  // What the `http` block asks for, from now on. An error changes nothing.
  virtual Result<> secure(const HttpSecurity& security) = 0;

  // Answers requests below /api/v0/component/<id>/ until the mount is destroyed.
  class Mount {
   public:
    virtual ~Mount() = default;
  };
  virtual std::unique_ptr<Mount> mount(std::string_view component_id, HttpHandler handler) = 0;
};

}  // namespace weir::runtime
