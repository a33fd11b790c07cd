// The host's HttpService: brings requests to the component's strand and
// answers 503 for one that is stopped.
#pragma once

#include <memory>

#include "runtime/http_service.h"

namespace weir::runtime {

class Host;

// `outer` may be null: then nothing is ever asked.
std::unique_ptr<HttpService> strand_http(HttpService* outer, std::weak_ptr<Host> host);

}  // namespace weir::runtime
