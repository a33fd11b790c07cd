#include "base/json.h"
#include "profile/frame_paths.h"
#include "profile/text_formats.h"

namespace weir::profile {
namespace {

// The units that the viewer knows how to write.
std::string_view unit_of(const ProfileType& type) {
  for (std::string_view known : {"nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"}) {
    if (type.sample_unit == known) return known;
  }
  return "none";
}

void write_frames(JsonWriter& json, const std::vector<Symbol>& symbols) {
  json.key("frames").begin_array();
  for (const Symbol& symbol : symbols) {
    json.begin_object().member("name", symbol.name);
    if (!symbol.module.empty()) json.member("file", symbol.module);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string encode_speedscope(const Profile& profile, std::string_view name) {
  FramePaths paths;
  paths.read(profile);
  JsonWriter json;
  json.begin_object().member("$schema", "https://www.speedscope.app/file-format-schema.json");
  json.member("exporter", "weir").member("name", name).member("activeProfileIndex", 0);
  json.key("shared").begin_object();
  write_frames(json, paths.symbols());
  json.end_object().key("profiles").begin_array().begin_object();
  json.member("type", "sampled").member("name", name).member("unit", unit_of(profile.type));
  json.member("startValue", 0).member("endValue", profile.total()).key("samples").begin_array();
  for (const Sample& sample : profile.samples) {
    const Stack& stack = profile.stacks[sample.stack];
    json.begin_array();
    for (auto frame = stack.frames.rbegin(); frame != stack.frames.rend(); ++frame) {
      for (std::uint32_t symbol : paths.of(*frame)) json.value(symbol);
    }
    json.end_array();
  }
  json.end_array().key("weights").begin_array();
  for (const Sample& sample : profile.samples) json.value(sample.value);
  json.end_array().end_object().end_array().end_object();
  return json.take();
}

}  // namespace weir::profile
