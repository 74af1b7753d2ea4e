#include "dataplane/bpf/object.hh"

#include "dataplane/bpf/library_log.hh"
#include "dataplane/files/files.hh"

#include <bpf/libbpf.h>
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace lagg::bpf {

namespace {

using ObjectFile = std::unique_ptr<bpf_object, decltype(&bpf_object__close)>;

Error mistake(const std::string &path, const std::string &what) {
    return {fmt::format("policy {}: {}", path, what)};
}

/// Why the file cannot be an object file for BPF; libbpf says no more than "Invalid argument".
std::optional<Error> wrong_kind(const std::string &path) {
    const Result<std::string> content = read_file(path, kMostObjectBytes);
    if (!content) return mistake(path, content.error().message);
    Elf64_Ehdr header{};
    std::memcpy(&header, content->data(), std::min(content->size(), sizeof header));
    if (!content->starts_with(ELFMAG))
        return mistake(path, "is no object file; 'lagglab policy build FILE.c' makes one of a "
                             "policy in C");
    if (content->size() < sizeof header || header.e_machine != EM_BPF)
        return mistake(path, "is an object file for another machine than BPF; compile it with "
                             "'lagglab policy build FILE.c', or clang -target bpf");
    return std::nullopt;
}

/// Where libbpf gives up it says why, if only at its lowest level.
std::string last_line(std::string text) {
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text.substr(text.rfind('\n') + 1);
}

/// libbpf's complaint about a function that is declared and defined nowhere names it in quotes.
Error not_opened(const std::string &path, const std::string &log, int error) {
    for (const std::string before : {"extern (func ksym) '", "extern '", "extern (var ksym) '"}) {
        const size_t at = log.find(before);
        if (at == log.npos) continue;
        const size_t begin = at + before.size();
        const std::string name = log.substr(begin, log.find('\'', begin) - begin);
        return mistake(path, fmt::format("uses {}, which is declared and not defined; a policy has "
                                         "nothing but its own file and lagg_policy.h",
                                         name));
    }
    // A table of 16 or 32 octets stands in a section of its own kind, which libbpf does not find.
    const std::string last = last_line(log);
    if (last.find("sec '.rodata") != last.npos)
        return mistake(path,
                       "has a table of constants, and a policy has none; use if or switch, or "
                       "flow->memory");
    return mistake(path,
                   fmt::format("cannot be read: {}", last.empty() ? std::strerror(error) : last));
}

std::optional<Error> map_in(const std::string &path, const bpf_object *object) {
    const bpf_map *map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (bpf_map__is_internal(map)) continue;
        return mistake(path, fmt::format("has a map, '{}', and a policy has none; keep what has to "
                                         "stay in flow->memory",
                                         bpf_map__name(map)));
    }
    return std::nullopt;
}

Result<bpf_program *> only_program(const std::string &path, bpf_object *object) {
    bpf_program *found = nullptr;
    std::string names;
    size_t count = 0;
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object) {
        found = program;
        names += (count++ == 0 ? "" : ", ") + std::string(bpf_program__name(program));
    }
    if (count == 0)
        return mistake(path, "has no policy; write LAGG_POLICY before the policy's function");
    if (count > 1)
        return mistake(path, fmt::format("has {} policies, {}; a file has one, and LAGG_INLINE "
                                         "stands before its other functions",
                                         count, names));
    return found;
}

Object contents(const std::string &path, const bpf_program *program) {
    Object object;
    object.name = bpf_program__name(program);
    object.instructions.resize(bpf_program__insn_cnt(program));
    std::memcpy(object.instructions.data(), bpf_program__insns(program),
                object.instructions.size() * sizeof(Instruction));
    object.lines = read_source_lines(path, bpf_program__section_name(program));
    return object;
}

} // namespace

Result<Object> read_object(const std::string &path) {
    if (auto error = wrong_kind(path)) return *error;
    const LibraryLog log;
    const ObjectFile object(bpf_object__open_file(path.c_str(), nullptr), bpf_object__close);
    const int error = errno;
    if (object == nullptr) return not_opened(path, log.text(), error);
    if (auto map = map_in(path, object.get())) return *map;
    const auto program = only_program(path, object.get());
    if (!program) return program.error();
    return contents(path, *program);
}

} // namespace lagg::bpf
