// Any bytes are a record of the store, or an error; what was read can be written and read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

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

void try_samples(std::string_view bytes) {
  auto samples = decode_samples(bytes);
  if (!samples) return;
  auto again = decode_samples(encode_samples(*samples).value());
  if (!again || again->sums != samples->sums) std::abort();
}

// The fuzzer finds no packing by itself.
void try_unpacked_samples(std::string_view bytes) {
  try_samples(std::string(1, 0).append(bytes));
}

// The first stacks and the last one: all of them may have more frames than a run has time for.
std::vector<StackSum> some_of(const Dictionary& dictionary) {
  constexpr std::uint32_t kFirst = 300;
  std::vector<StackSum> sums;
  for (std::uint32_t stack = 0; stack < std::min(dictionary.stacks(), kFirst); ++stack)
    sums.push_back({stack, 1, 1});
  if (dictionary.stacks() > kFirst) sums.push_back({dictionary.stacks() - 1, 1, 1});
  return sums;
}

void try_dictionary(std::string_view bytes) {
  Dictionary dictionary;
  if (!dictionary.read_part(bytes)) return;
  Dictionary again;
  if (!again.read_part(dictionary.whole()) || again.whole() != dictionary.whole()) std::abort();
  std::vector<StackSum> sums = some_of(dictionary);
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
  using namespace weir::store;
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr void (*kParsers[])(std::string_view) = {try_head, try_samples, try_unpacked_samples,
                                                    try_dictionary};
  kParsers[data[0] % std::size(kParsers)](bytes.substr(1));
  return 0;
}
