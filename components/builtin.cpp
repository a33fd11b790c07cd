#include "components/builtin.h"

#include "components/discovery/dns.h"
#include "components/discovery/docker.h"
#include "components/discovery/file.h"
#include "components/discovery/http.h"
#include "components/discovery/kubelet.h"
#include "components/discovery/kubernetes.h"
#include "components/discovery/process.h"
#include "components/discovery/systemd.h"
#include "components/http_block.h"
#include "components/import_http.h"
#include "components/local/file.h"
#include "components/local/file_match.h"
#include "components/pyroscope/ebpf.h"
#include "components/pyroscope/receive_http.h"
#include "components/pyroscope/store.h"
#include "components/pyroscope/write.h"
#include "components/relabel/relabel.h"
#include "components/remote/http.h"
#include "components/unsupported.h"
#include "runtime/config_blocks.h"

namespace weir {
namespace {

template <class Component>
void add(runtime::Registry& registry) {
  registry.add(Component::kName, &runtime::component_type<Component>);
}

}  // namespace

void register_components(runtime::Registry& registry) {
  runtime::register_config_blocks(registry);
  add<HttpBlock>(registry);
  add<ImportHttp>(registry);
  add<Unsupported<ImportGitBlock>>(registry);
  add<Unsupported<ModuleGitBlock>>(registry);
  add<Unsupported<ModuleHttpBlock>>(registry);
  add<Unsupported<LiveDebuggingBlock>>(registry);
  add<Unsupported<RemoteConfigBlock>>(registry);
  add<Unsupported<TracingBlock>>(registry);
  add<discovery::Dns>(registry);
  add<discovery::Docker>(registry);
  add<discovery::File>(registry);
  add<discovery::Http>(registry);
  add<discovery::Kubelet>(registry);
  add<discovery::Kubernetes>(registry);
  add<discovery::Process>(registry);
  add<discovery::Systemd>(registry);
  add<local::File>(registry);
  add<local::FileMatch>(registry);
  add<pyroscope::Ebpf>(registry);
  add<pyroscope::ReceiveHttp>(registry);
  add<pyroscope::Store>(registry);
  add<pyroscope::Write>(registry);
  add<relabel::Relabel>(registry);
  add<remote::Http>(registry);
}

}  // namespace weir
