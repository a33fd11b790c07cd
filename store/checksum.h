// CRC-32C (Castagnoli), as in iSCSI and ext4.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::store {

// Of `data` behind what `crc` is the checksum of.
std::uint32_t crc32c(std::string_view data, std::uint32_t crc = 0);

}  // namespace weir::store
