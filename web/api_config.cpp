// The config that runs beside what is on the disk now, both without their secrets.
#include <algorithm>

#include "runtime/files.h"
#include "runtime/secret_names.h"
#include "web/api.h"

namespace weir::web {
namespace {

// Of all texts: past it nobody reads them in a page.
constexpr std::size_t kMostShown = 4u << 20;

struct ConfigFile {
  lang::SourcePtr running, disk;  // null: there is none
  std::string running_text, disk_text;

  bool is_same() const { return running && disk && running->text() == disk->text(); }
};

std::vector<ConfigFile> pair_up(const std::vector<lang::SourcePtr>& running,
                                const std::vector<lang::SourcePtr>& disk) {
  std::vector<ConfigFile> files;
  for (const auto& source : running) files.push_back({.running = source});
  for (const auto& source : disk) {
    auto is_it = [&](const ConfigFile& file) {
      return file.running && file.running->name() == source->name();
    };
    auto found = std::ranges::find_if(files, is_it);
    if (found == files.end()) found = files.insert(files.end(), ConfigFile());
    found->disk = source;
  }
  return files;
}

std::size_t size_of(const std::vector<ConfigFile>& files) {
  std::size_t bytes = 0;
  for (const auto& file : files) {
    if (file.running) bytes += file.running->text().size();
    if (file.disk && !file.is_same()) bytes += file.disk->text().size();
  }
  return bytes;
}

void fill_texts(std::vector<ConfigFile>& files, const runtime::SecretNames& secrets) {
  for (auto& file : files) {
    if (file.running) file.running_text = secrets.text_of(file.running);
    if (file.disk && !file.is_same()) file.disk_text = secrets.text_of(file.disk);
  }
}

runtime::SecretNames secrets_of(const std::vector<ConfigFile>& files, const runtime::Snapshot& snapshot,
                                const runtime::Registry& registry) {
  auto sources = snapshot.all_sources();
  for (const auto& file : files) {
    if (file.disk && !file.is_same()) sources.push_back(file.disk);
  }
  return {registry, sources};
}

void write_file(JsonWriter& json, const ConfigFile& file, bool has_texts) {
  json.begin_object().member("name", file.running ? file.running->name() : file.disk->name());
  json.member("isSame", file.is_same()).member("isRunning", file.running != nullptr);
  json.member("isOnDisk", file.disk != nullptr);
  if (has_texts && file.running) json.member("running", file.running_text);
  if (has_texts && file.disk && !file.is_same()) json.member("disk", file.disk_text);
  json.end_object();
}

net::Response config_response(const runtime::Snapshot& snapshot, const runtime::Registry& registry) {
  lang::Diagnostics unreadable;
  auto files = pair_up(snapshot.sources, runtime::read_config(snapshot.config_path, unreadable));
  std::size_t bytes = size_of(files);
  bool has_texts = bytes <= kMostShown;
  if (has_texts) fill_texts(files, secrets_of(files, snapshot, registry));
  JsonWriter json;
  json.begin_object().member("path", snapshot.config_path).member("bytes", bytes);
  json.member("hasTexts", has_texts).key("files").begin_array();
  for (const auto& file : files) write_file(json, file, has_texts);
  json.end_array().key("unreadable").begin_array();
  for (const auto& diagnostic : unreadable) json.value(diagnostic.message);
  json.end_array().end_object();
  return json_response(std::move(json));
}

}  // namespace

// On the worker: a disk may take its time.
void answer_config(Site& site, const Call& call) {
  const auto* registry = site.options().registry;
  if (registry == nullptr) {
    call.reply(json_error(404, "this page shows no config"));
    return;
  }
  site.offload(call.reply,
               [snapshot = site.snapshot(), registry] { return config_response(*snapshot, *registry); });
}

}  // namespace weir::web
