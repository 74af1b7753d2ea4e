// One eBPF instruction, in the layout that the kernel, libbpf and librte_bpf share, so that none of
// their headers has to meet another's.
#pragma once

#include <cstdint>

namespace lagg::bpf {

struct Instruction {
    uint8_t code;
    uint8_t destination : 4;
    uint8_t source : 4;
    int16_t offset;
    int32_t immediate;
};
static_assert(sizeof(Instruction) == 8);

} // namespace lagg::bpf
