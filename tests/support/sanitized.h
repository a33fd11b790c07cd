// Whether a sanitizer watches, and times say nothing.
#pragma once

namespace weir::testing {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define WEIR_TESTS_SANITIZED
#endif
#endif

#ifdef WEIR_TESTS_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace weir::testing
