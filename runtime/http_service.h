// HttpService: lets a component or the runtime answer HTTP requests without
// knowing the server. Implemented in cli/ with what net/ offers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

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

class HttpService {
 public:
  virtual ~HttpService() = default;

  // Answers requests below /api/v0/component/<id>/ until the mount is destroyed.
  class Mount {
   public:
    virtual ~Mount() = default;
  };
  virtual std::unique_ptr<Mount> mount(std::string_view component_id, HttpHandler handler) = 0;
};

}  // namespace weir::runtime
