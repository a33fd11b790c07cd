// A small made-up weir that has one of everything the API tells of: for the examples of the reference page,
// and for tests that want every field to occur.
#pragma once

#include <string>

#include "tests/support/temp_dir.h"
#include "tests/web/site_fixture.h"

namespace weir::web::testing {

class ApiWorld {
 public:
  // `more`: also what is too long or too odd for an example.
  enum class Extent : std::uint8_t { examples, more };

  explicit ApiWorld(Extent extent);
  ApiWorld(const ApiWorld&) = delete;
  ApiWorld& operator=(const ApiWorld&) = delete;

  // As the machine of the examples answers: what this one adds of itself is replaced.
  net::Response ask(std::string method, std::string target);
  void write_config(const std::string& text) const;  // on the disk; what runs stays

  SiteFixture site;

 private:
  void add_finder();
  void add_rules();
  void add_collector();
  void add_store();
  void add_module();
  void add_more();
  std::shared_ptr<runtime::Node> add(std::string id, const runtime::ComponentType& type);
  void publish(Extent extent);
  void look_at_processes();

  runtime::Registry registry_;
  tests::TempDir folder_;
  lang::SourcePtr source_;
  std::vector<std::shared_ptr<runtime::Node>> nodes_;
  MetricScope metrics_{site.metrics, {{"component_id", "pyroscope.ebpf.machine"}, {"component_path", "/"}}};
};

}  // namespace weir::web::testing
