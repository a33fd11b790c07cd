// Any bytes are a record of the store, or an error; what was read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/dictionary.h"
#include "store/merge.h"
#include "store/packing.h"
#include "store/record.h"

namespace weir::store {
namespace {

void try_head(std::string_view bytes) {
  auto head = decode_head(bytes);
  if (head && !decode_head(encode_head(*head))) std::abort();
}

// The bytes are the samples; unpacked they are taken as they are, as the fuzzer finds no packing by itself.
void try_samples(std::string_view bytes) {
  (void)decode_samples(bytes);
  auto samples = decode_samples(std::string(1, 0).append(bytes));
  if (!samples) return;
  auto again = decode_samples(encode_samples(*samples).value());
  if (!again || again->sums != samples->sums) std::abort();
}

void try_dictionary(std::string_view bytes) {
  Dictionary dictionary;
  if (!dictionary.read_part(bytes)) return;
  Dictionary again;
  if (!again.read_part(dictionary.whole()) || again.whole() != dictionary.whole()) std::abort();
  std::vector<StackSum> sums;
  for (std::uint32_t stack = 0; stack < dictionary.stacks(); ++stack) sums.push_back({stack, 1, 1});
  profile::Profile profile;
  if (!dictionary.expand(sums, profile)) return;
  Merger merger;
  merger.add(profile);
  merger.add(profile);
  Dictionary from_profile;
  if (from_profile.add(merger.take()).size() > sums.size()) std::abort();
}

}  // namespace
}  // namespace weir::store

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  weir::store::try_head(bytes);
  weir::store::try_samples(bytes);
  weir::store::try_dictionary(bytes);
  return 0;
}
