// What other programs answer of working together: weir works alone, and says so in their words.
#include <sys/utsname.h>

#include "web/api.h"

namespace weir::web {

void answer_peers(Site&, const Call& call) {
  utsname machine{};
  uname(&machine);
  JsonWriter json;
  json.begin_array().begin_object().member("name", machine.nodename);
  json.member("addr", call.request.headers.get("Host")).member("isSelf", true).member("state", "participant");
  json.end_object().end_array();
  call.reply(json_response(std::move(json)));
}

void answer_remote_components(Site&, const Call& call) {
  JsonWriter json;
  json.begin_array().end_array();
  call.reply(json_response(std::move(json)));
}

}  // namespace weir::web
