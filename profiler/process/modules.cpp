#include "profiler/process/modules.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <memory>

#include "profiler/process/file_access.h"
#include "profiler/process/proc_files.h"
#include "profiler/symbols/elf.h"

namespace weir::profiler {

namespace {

std::string path_in_root(std::uint32_t pid, const std::string& path) {
  return pid == 0 ? path : "/proc/" + std::to_string(pid) + "/root" + path;
}

// Layered file systems (overlay, btrfs) report another device to stat() than to the mapping, and their
// devices have no major number. There the inode alone has to do.
bool same_file(const Module& module, const struct stat& status) {
  if (module.inode != status.st_ino) return false;
  return module.device == status.st_dev || major(module.device) == 0 || major(status.st_dev) == 0;
}

// Makes `module` complete with the build id of its file at `path`; false when another file is there.
bool match(Module& module, const std::string& path) {
  auto fd = open_regular_file(path);
  struct stat status{};
  if (!fd || ::fstat(fd->get(), &status) != 0) return false;
  std::string build_id = read_build_id(fd->get()).value_or("");
  bool same = module.build_id.empty() ? same_file(module, status) : build_id == module.build_id;
  if (same) module.build_id = std::move(build_id);
  return same;
}

// A file without a name (deleted, replaced, a memfd) is still to be had as the mapping itself. That needs
// more capabilities than all else (CAP_CHECKPOINT_RESTORE, and CAP_DAC_READ_SEARCH for the folder).
std::string find_mapped(Module& module, std::uint32_t pid) {
  constexpr int kMostEntries = 4096;
  constexpr int kMostTries = 8;
  std::string folder = "/proc/" + std::to_string(pid) + "/map_files";
  std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(folder.c_str()), &::closedir);
  int tries = 0;
  for (int entries = 0; directory && entries < kMostEntries && tries < kMostTries; ++entries) {
    dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) return "";
    std::string path = folder + "/" + entry->d_name;
    std::array<char, PATH_MAX> link;
    ssize_t size = ::readlink(path.c_str(), link.data(), link.size());
    std::string_view target(link.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
    if (target.ends_with(kDeletedFile)) target.remove_suffix(kDeletedFile.size());
    if (target != module.path) continue;
    ++tries;
    if (match(module, path)) return path;
  }
  return "";
}

// The path, or "".
std::string find_file(Module& module, std::uint32_t pid) {
  if (std::string path = path_in_root(pid, module.path); match(module, path)) return path;
  if (pid == 0) return "";
  // A program whose file was replaced while it runs can still be reached as such.
  std::string program = "/proc/" + std::to_string(pid) + "/exe";
  return match(module, program) ? program : find_mapped(module, pid);
}

}  // namespace

ModulePtr Modules::with_build_id(std::string path, std::string build_id) {
  auto& module = by_build_id_[{path, build_id}];
  if (!module) module = std::make_shared<Module>(std::move(path), std::move(build_id));
  return module;
}

ModulePtr Modules::of_file(std::uint32_t pid, std::string path, std::uint64_t device, std::uint64_t inode) {
  auto& module = by_inode_[{path, device, inode}];
  if (module) return module;
  Module made{.path = std::move(path), .device = device, .inode = inode};
  auto found = reads_->run(risk_of_file(pid, made.path), [made, pid]() mutable {
    find_file(made, pid);
    return std::move(made.build_id);
  });
  made.build_id = std::move(found).value_or("");
  // The same file may have been seen by its build id already.
  if (!made.build_id.empty()) {
    auto& known = by_build_id_[{made.path, made.build_id}];
    if (!known) known = std::make_shared<Module>(std::move(made));
    return module = known;
  }
  return module = std::make_shared<Module>(std::move(made));
}

ModulePtr Modules::unnamed(std::string name) {
  return with_build_id(std::move(name), "");
}

void Modules::collect_garbage() {
  std::erase_if(by_inode_, [&](const auto& entry) {
    // One holder is this map, another the map of build ids.
    return entry.second.use_count() <= (entry.second->build_id.empty() ? 1 : 2);
  });
  std::erase_if(by_build_id_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

Result<std::string> locate(WatchedReads& reads, const Module& module, std::uint32_t pid) {
  if (!module.is_file()) return "";
  return reads.run(risk_of_file(pid, module.path),
                   [wanted = Module(module), pid]() mutable { return find_file(wanted, pid); });
}

}  // namespace weir::profiler
