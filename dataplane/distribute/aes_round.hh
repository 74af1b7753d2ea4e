// One round of AES (FIPS 197, 5.1) in plain C++: what the aesenc instruction does.
#pragma once

#include <array>
#include <cstdint>

namespace lagg::distribute {

namespace aes {

constexpr uint8_t twice(uint8_t a) {
    return static_cast<uint8_t>(a << 1 ^ ((a & 0x80) != 0 ? 0x1b : 0));
}

constexpr uint8_t times(uint8_t a, uint8_t b) {
    uint8_t product = 0;
    for (; b != 0; b = static_cast<uint8_t>(b >> 1), a = twice(a))
        if ((b & 1) != 0) product = static_cast<uint8_t>(product ^ a);
    return product;
}

/// FIPS 197, 5.1.1: the inverse in GF(2^8), and an affine map.
constexpr uint8_t substitute(uint8_t a) {
    uint8_t inverse = 1; // a to the power of 254
    for (int i = 0; i < 254; i++)
        inverse = times(inverse, a);
    uint8_t result = 0x63;
    for (int shift = 0; shift < 5; shift++)
        result = static_cast<uint8_t>(result ^ (inverse << shift | inverse >> (8 - shift)));
    return result;
}

inline constexpr std::array<uint8_t, 256> kSubstitution = [] {
    std::array<uint8_t, 256> table{};
    for (unsigned i = 0; i < table.size(); i++)
        table[i] = substitute(static_cast<uint8_t>(i));
    return table;
}();

} // namespace aes

/// SubBytes, ShiftRows, MixColumns, and the key added.
constexpr std::array<uint8_t, 16> aes_round(const std::array<uint8_t, 16> &state,
                                            const std::array<uint8_t, 16> &key) {
    std::array<uint8_t, 16> result{};
    for (unsigned column = 0; column < 4; column++) {
        std::array<uint8_t, 4> in{};
        for (unsigned row = 0; row < 4; row++)
            in[row] = aes::kSubstitution[state[(column + row) % 4 * 4 + row]];
        for (unsigned row = 0; row < 4; row++) {
            const uint8_t a = in[row];
            const uint8_t b = in[(row + 1) % 4];
            const auto mixed =
                aes::twice(a) ^ aes::twice(b) ^ b ^ in[(row + 2) % 4] ^ in[(row + 3) % 4];
            result[column * 4 + row] = static_cast<uint8_t>(mixed ^ key[column * 4 + row]);
        }
    }
    return result;
}

} // namespace lagg::distribute
