// Arena: memory for many small things that go together.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace weir::lang {

// What is made in it stays where it is until the arena is cleared or destroyed, and is then forgotten:
// nothing in it may need a destructor.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  template <class T>
  const T* make(const T& value) {
    return copy(std::span(&value, 1)).data();
  }

  template <class T>
  std::span<const T> copy(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    static_assert(alignof(T) <= kAlignment);
    if (values.empty()) return {};
    T* place = static_cast<T*>(allocate(values.size_bytes()));
    std::uninitialized_copy(values.begin(), values.end(), place);
    return {place, values.size()};
  }

  std::string_view copy(std::string_view text) {
    std::span<const char> copied = copy(std::span(text));
    return {copied.data(), copied.size()};
  }

  // Forgets everything.
  void clear();

 private:
  static constexpr std::size_t kAlignment = alignof(void*);

  void* allocate(std::size_t size) {
    size = (size + kAlignment - 1) / kAlignment * kAlignment;
    if (size > static_cast<std::size_t>(end_ - free_)) add_chunk(size);
    return std::exchange(free_, free_ + size);
  }
  void add_chunk(std::size_t at_least);

  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::byte* free_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace weir::lang
