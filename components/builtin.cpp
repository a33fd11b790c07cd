#include "components/builtin.h"

#include "components/relabel/relabel.h"

namespace weir {
namespace {

template <class Component>
void add(runtime::Registry& registry) {
  registry.add(Component::kName, &runtime::component_type<Component>);
}

}  // namespace

void register_components(runtime::Registry& registry) {
  add<relabel::Relabel>(registry);
}

}  // namespace weir
