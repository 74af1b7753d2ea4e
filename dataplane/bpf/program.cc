#include "dataplane/bpf/program.hh"

#include "dataplane/bpf/object.hh"
#include "dataplane/bpf/verifier.hh"
#include "dataplane/distribute/bucket_table.hh"

#include <fmt/format.h>

#include <atomic>

namespace lagg::bpf {

static_assert(LAGG_BUCKETS == distribute::kBuckets);

namespace {

std::atomic<uint64_t> last_generation = 0;

Error refused(const std::string &path, const Object &object, std::optional<size_t> instruction,
              const std::string &reason) {
    const bool known = instruction && *instruction < object.instructions.size();
    return {fmt::format("policy {}: {}{}", path, known ? place(object.lines, *instruction) : "",
                        reason)};
}

/// check() found the index good, so it has a bound; librte_bpf loses sight of more of them.
std::string in_plain_words(const std::string &complaint) {
    if (complaint != "memory boundary violation") return complaint;
    return "uses an index whose bound librte_bpf does not see; bound it with a mask, as in "
           "flow->memory[i & 255]";
}

} // namespace

Result<std::shared_ptr<const Program>> Program::load(const std::string &path) {
    const auto object = read_object(path);
    if (!object) return object.error();
    const Verdict verdict = check(object->instructions);
    if (verdict.refusal)
        return refused(path, *object, verdict.refusal->instruction, verdict.refusal->reason);
    auto compiled = compile(object->instructions, Argument::kFlow);
    if (const auto *complaint = std::get_if<Complaint>(&compiled))
        return refused(path, *object, complaint->instruction, in_plain_words(complaint->text));

    std::shared_ptr<Program> program(new Program);
    program->code_ = std::get<NativeCode>(std::move(compiled));
    program->path_ = path;
    program->name_ = object->name;
    program->instructions_ = object->instructions.size();
    program->generation_ = ++last_generation;
    program->reads_ = verdict.reads;
    return std::shared_ptr<const Program>(std::move(program));
}

} // namespace lagg::bpf
