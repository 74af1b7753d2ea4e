#include "dataplane/bpf/native_code.hh"

#include "dataplane/bpf/library_log.hh"

#include <rte_bpf.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include <cstdlib>
#include <cstring>

namespace lagg::bpf {

namespace {

/// Whether a policy stays inside of its flow is decided by check(). librte_bpf rounds the bounds of
/// an index up to the next power of two, and forgets what a comparison said of a signed number; it
/// gets room for any index of 32 bits.
constexpr size_t kRoomToRound = size_t{1} << 40;

rte_bpf_arg argument_of(Argument argument) {
    if (argument == Argument::kFlow) return {.type = RTE_BPF_ARG_PTR, .size = kRoomToRound};
    return {.type = RTE_BPF_ARG_PTR_MBUF,
            .size = sizeof(rte_mbuf),
            .buf_size = RTE_MBUF_DEFAULT_BUF_SIZE};
}

/// "evaluate: undefined value on the stack at pc: 7" comes apart into the reason and the number.
Complaint complaint_of(const std::string &log) {
    Complaint complaint;
    complaint.text = log.substr(0, log.find('\n'));
    if (const size_t function = complaint.text.find(": "); function != std::string::npos)
        complaint.text.erase(0, function + 2);
    const size_t at = complaint.text.find(" at pc: ");
    if (at == std::string::npos) return complaint;
    complaint.instruction = std::strtoul(complaint.text.c_str() + at + 8, nullptr, 10);
    complaint.text.resize(at);
    return complaint;
}

Complaint complaint_of(const std::string &log, int error) {
    return log.empty() ? Complaint{std::nullopt, std::strerror(error)} : complaint_of(log);
}

} // namespace

void BpfDeleter::operator()(rte_bpf *bpf) const {
    rte_bpf_destroy(bpf);
}

std::variant<NativeCode, Complaint> compile(std::span<const Instruction> program,
                                            Argument argument) {
    static_assert(sizeof(ebpf_insn) == sizeof(Instruction));
    rte_bpf_prm parameters{};
    parameters.ins = reinterpret_cast<const ebpf_insn *>(program.data());
    parameters.nb_ins = static_cast<uint32_t>(program.size());
    parameters.prog_arg = argument_of(argument);
    const LibraryLog log;
    NativeCode code;
    code.owner.reset(rte_bpf_load(&parameters));
    if (code.owner == nullptr) return complaint_of(log.text(), rte_errno);
    rte_bpf_jit jit{};
    // What cannot be compiled would be interpreted, ten times slower and with a line in the log
    // for every division by zero.
    if (rte_bpf_get_jit(code.owner.get(), &jit) != 0 || jit.func == nullptr)
        return Complaint{std::nullopt, "cannot be made into instructions of this processor"};
    code.function = jit.func;
    code.size = jit.sz;
    return code;
}

} // namespace lagg::bpf
