// Writes the heads of messages.
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"
#include "net/url.h"

namespace weir::net {

enum class AfterReply { close, keep_alive };

// What the head says of the body stands in the response itself; headers that
// would break the message (line breaks in them, a length of their own) are left out.
std::string response_head(const Response& response, AfterReply after);
// 204 and 304 have none, whatever the response holds.
std::string_view response_body(const Response& response);

// `target` as it stands on the request line: a path, or, for a proxy, a whole URL.
std::string request_head(const ClientRequest& request, const Url& url, std::string_view target);

}  // namespace weir::net
