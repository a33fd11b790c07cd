#include "profiler/symbols/debug_file.h"

#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "profiler/symbols/unpack.h"

namespace weir::profiler {
namespace {

constexpr std::string_view kDebugFolder = "/usr/lib/debug";
constexpr std::string_view kLinkSection = ".gnu_debuglink";
constexpr std::size_t kMaxLink = 4096;
// A larger file is not read to its end for the sake of its checksum.
constexpr std::uint64_t kMaxChecked = 256u << 20;
constexpr std::size_t kChunk = 256u << 10;

std::string namespace_of(const std::string& process) {
  char text[64];
  ssize_t n = ::readlink((process + "/ns/mnt").c_str(), text, sizeof text);
  return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : "";
}

// Whether the process sees the same files as we do.
bool is_our_root(const std::string& root) {
  if (root.empty()) return true;
  struct stat theirs{};
  struct stat ours{};
  if (::stat(root.c_str(), &theirs) != 0 || ::stat("/", &ours) != 0) return false;
  if (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino) return false;
  constexpr std::string_view kRoot = "/root";
  if (!root.ends_with(kRoot)) return true;
  return namespace_of(root.substr(0, root.size() - kRoot.size())) == namespace_of("/proc/self");
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= NAME_MAX && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos;
}

// Folders come from the kernel, which resolves "..": one that has it is no folder of a mapping.
bool is_plain_folder(std::string_view folder) {
  return folder.starts_with('/') && (std::string(folder) + "/").find("/../") == std::string::npos;
}

std::uint32_t checksum_of(const Bytes& bytes) {
  std::string chunk(kChunk, '\0');
  std::uint32_t crc = 0;
  for (std::uint64_t at = 0; at < bytes.size();) {
    std::size_t n = bytes.read(at, chunk.data(), chunk.size());
    if (n == 0) break;
    crc = libdeflate_crc32(crc, chunk.data(), n);
    at += n;
  }
  return crc;
}

class Search {
 public:
  Search(const DebugFileOf& of, std::vector<DebugFileTry>& tries) : of_(of), tries_(tries) {
    roots_.push_back(of.root);
    if (!is_our_root(of.root)) roots_.emplace_back();
  }

  std::optional<DebugFile> by_build_id();
  std::optional<DebugFile> by_link(const DebugLink& link);

 private:
  std::optional<DebugFile> look_at(const std::string& root, const std::string& path, const DebugLink* link);
  Result<DebugFile> open(const std::string& path, const DebugLink* link) const;
  Result<> check(const DebugFile& file, const DebugLink* link) const;

  const DebugFileOf& of_;
  std::vector<DebugFileTry>& tries_;
  std::vector<std::string> roots_;  // the process's first
};

Result<> Search::check(const DebugFile& file, const DebugLink* link) const {
  const std::string& wanted = of_.elf.build_id();
  const std::string& has = file.elf.build_id();
  if (link == nullptr && has != wanted) return fail("its build id is another one");
  if (link == nullptr) return {};
  if (!wanted.empty() && !has.empty() && has != wanted) return fail("its build id is another one");
  if (file.bytes->size() > kMaxChecked) {
    if (!wanted.empty() && has == wanted) return {};
    return fail("too large to check");
  }
  if (checksum_of(*file.bytes) != link->crc) return fail("its checksum is not that of .gnu_debuglink");
  return {};
}

Result<DebugFile> Search::open(const std::string& path, const DebugLink* link) const {
  auto fd = open_regular_file(path);
  // The place is named beside: what is left to say is why.
  if (!fd) return fail("{}", fd.error().message.substr(fd.error().message.rfind(": ") + 2));
  auto bytes = own_file_bytes(std::move(*fd));
  if (!bytes) return fail(bytes.error());
  auto elf = Elf::read(**bytes);
  if (!elf) return fail(elf.error());
  DebugFile file{path, std::move(*bytes), std::move(*elf)};
  if (auto ok = check(file, link); !ok) return fail(ok.error());
  return file;
}

std::optional<DebugFile> Search::look_at(const std::string& root, const std::string& path,
                                         const DebugLink* link) {
  auto file = open(root + path, link);
  if (file) return std::move(*file);
  bool host = root.empty() && !of_.root.empty();
  tries_.push_back({(host ? "host:" : "") + path, file.error().message});
  return std::nullopt;
}

std::optional<DebugFile> Search::by_build_id() {
  const std::string& id = of_.elf.build_id();
  if (id.size() < 4) return std::nullopt;
  std::string folder = fmt::format("{}/.build-id/{}/", kDebugFolder, id.substr(0, 2));
  // The second is how the reference pages spell it.
  for (const std::string& name : {id.substr(2), id}) {
    for (const std::string& root : roots_)
      if (auto found = look_at(root, folder + name + ".debug", nullptr)) return found;
  }
  return std::nullopt;
}

std::optional<DebugFile> Search::by_link(const DebugLink& link) {
  std::string folder = of_.path.substr(0, of_.path.rfind('/') + 1);
  if (!is_plain_folder(folder)) return std::nullopt;
  std::string own = folder + link.name;
  if (own != of_.path)
    if (auto found = look_at(of_.root, own, &link)) return found;
  if (auto found = look_at(of_.root, folder + ".debug/" + link.name, &link)) return found;
  for (const std::string& root : roots_)
    if (auto found = look_at(root, std::string(kDebugFolder) + own, &link)) return found;
  return std::nullopt;
}

}  // namespace

std::string root_of(std::string_view host_path, std::string_view path) {
  constexpr std::string_view kProgram = "/exe";
  if (host_path.starts_with("/proc/") && host_path.ends_with(kProgram))
    return std::string(host_path.substr(0, host_path.size() - kProgram.size())) + "/root";
  return host_path.ends_with(path) ? std::string(host_path.substr(0, host_path.size() - path.size())) : "";
}

// The name with its zero byte, padded to four bytes, and the checksum.
std::optional<DebugLink> parse_debug_link(std::string_view content) {
  std::size_t length = content.find('\0');
  if (length == std::string_view::npos) return std::nullopt;
  std::size_t at = (length + 4) & ~std::size_t{3};
  DebugLink link{std::string(content.substr(0, length)), 0};
  if (at + sizeof link.crc > content.size() || !is_plain_name(link.name)) return std::nullopt;
  std::memcpy(&link.crc, content.data() + at, sizeof link.crc);
  return link;
}

std::optional<DebugFile> find_debug_file(const DebugFileOf& of, std::vector<DebugFileTry>& tries) {
  Search search(of, tries);
  if (auto found = search.by_build_id()) return found;
  const ElfSection* section = of.elf.section_named(kLinkSection);
  if (section == nullptr) return std::nullopt;
  auto content = read_section(of.bytes, *section, kMaxLink);
  if (!content) {
    tries.push_back({std::string(kLinkSection), content.error().message});
    return std::nullopt;
  }
  if (auto link = parse_debug_link(*content)) return search.by_link(*link);
  tries.push_back({std::string(kLinkSection), "it names more than a file in a folder"});
  return std::nullopt;
}

}  // namespace weir::profiler
