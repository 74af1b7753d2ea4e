// The layout of .BTF.ext is that of the kernel's Documentation/bpf/btf.rst: a header, then for each
// section of code a table of records. libbpf gives the bytes and the strings, not the records.
#include "dataplane/bpf/source_lines.hh"

#include <bpf/btf.h>
#include <bpf/libbpf_legacy.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace lagg::bpf {

namespace {

struct Header {
    uint16_t magic;
    uint8_t version;
    uint8_t flags;
    uint32_t header_length;
    uint32_t function_offset; ///< offsets count from the end of the header
    uint32_t function_length;
    uint32_t line_offset;
    uint32_t line_length;
};

using Bytes = std::span<const uint8_t>;

/// Takes a T from the front of `bytes`; nothing when they are too few.
template <typename T> std::optional<T> take(Bytes &bytes, size_t size = sizeof(T)) {
    if (bytes.size() < size || size < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes = bytes.subspan(size);
    return value;
}

Bytes line_table(Bytes ext) {
    Bytes rest = ext;
    const auto header = take<Header>(rest);
    if (!header) return {};
    const size_t begin = size_t{header->header_length} + header->line_offset;
    if (begin > ext.size() || header->line_length > ext.size() - begin) return {};
    return ext.subspan(begin, header->line_length);
}

std::string_view trimmed(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string string_at(const btf *types, uint32_t offset) {
    const char *text = btf__name_by_offset(types, offset);
    return text == nullptr ? "" : text;
}

/// Line 0 is what the compiler made up itself; the line before goes on.
void append(SourceLines &lines, const btf *types, const bpf_line_info &info) {
    const unsigned line = BPF_LINE_INFO_LINE_NUM(info.line_col);
    if (line == 0) return;
    lines.push_back({info.insn_off / sizeof(Instruction), string_at(types, info.file_name_off),
                     line, std::string(trimmed(string_at(types, info.line_off)))});
}

SourceLines lines_of(const btf *types, Bytes table, const std::string &section) {
    SourceLines lines;
    const auto record_size = take<uint32_t>(table);
    while (record_size) {
        const auto name = take<uint32_t>(table);
        const auto count = take<uint32_t>(table);
        if (!name || !count) break;
        const bool wanted = string_at(types, *name) == section;
        for (uint32_t i = 0; i < *count; i++) {
            const auto info = take<bpf_line_info>(table, *record_size);
            if (!info) return lines;
            if (wanted) append(lines, types, *info);
        }
    }
    return lines;
}

} // namespace

SourceLines read_source_lines(const std::string &path, const std::string &section) {
    btf_ext *ext = nullptr;
    const std::unique_ptr<btf, decltype(&btf__free)> types(btf__parse_elf(path.c_str(), &ext),
                                                           btf__free);
    const std::unique_ptr<btf_ext, decltype(&btf_ext__free)> owner(ext, btf_ext__free);
    if (types == nullptr || ext == nullptr) return {};
    uint32_t size = 0;
    const auto *data = static_cast<const uint8_t *>(btf_ext__get_raw_data(ext, &size));
    return lines_of(types.get(), line_table({data, size}), section);
}

std::string place(const SourceLines &lines, size_t instruction) {
    const auto behind = std::upper_bound(
        lines.begin(), lines.end(), instruction,
        [](size_t at, const SourceLine &line) { return at < line.first_instruction; });
    if (behind == lines.begin())
        return fmt::format("instruction {} (compile with -g to see the line): ", instruction);
    const SourceLine &line = *std::prev(behind);
    return fmt::format("{}:{}: '{}': ", line.file, line.line, line.text);
}

} // namespace lagg::bpf
