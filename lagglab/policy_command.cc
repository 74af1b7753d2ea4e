#include "lagglab/policy_command.hh"

#include "dataplane/bpf/buckets_by_program.hh"
#include "dataplane/distribute/instruction_set.hh"
#include "lagglab/policy_template.hh"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#ifdef __x86_64__
#include <x86intrin.h>
#endif

namespace lagg::lab {

namespace {

/// The policy to begin with, for a file NAME.c.
std::string start_for(const std::string &name) {
    constexpr std::string_view kName = "NAME";
    std::string text(policy_start);
    for (size_t at = 0; (at = text.find(kName, at)) != text.npos; at += name.size())
        text.replace(at, kName.size(), name);
    return text;
}

int fail(const std::string &sentence) {
    fmt::print(stderr, "lagglab: {}\n", sentence);
    return 1;
}

/// Creates the file; false with a sentence when it is there or cannot be written.
bool write_new(const std::string &path, std::string_view text) {
    FILE *file = std::fopen(path.c_str(), "wx");
    if (file == nullptr) {
        fail(errno == EEXIST ? fmt::format("{} is there already; it was left as it is", path)
                             : fmt::format("{}: {}", path, std::strerror(errno)));
        return false;
    }
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (std::fclose(file) == 0 && written) return true;
    fail(fmt::format("{}: {}", path, std::strerror(errno)));
    return false;
}

bool has_text(const std::string &path, std::string_view text) {
    std::ifstream file(path, std::ios::binary);
    return file && std::string(std::istreambuf_iterator<char>(file), {}) == text;
}

/// A directory with lagg_policy.h in it, for as long as clang runs.
class HeaderDirectory {
  public:
    HeaderDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "lagglab-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) return;
        path_ = pattern;
        std::ofstream(path_ + "/lagg_policy.h") << policy_header;
    }
    ~HeaderDirectory() {
        if (!path_.empty()) std::filesystem::remove_all(path_);
    }
    HeaderDirectory(const HeaderDirectory &) = delete;
    HeaderDirectory &operator=(const HeaderDirectory &) = delete;
    const std::string &path() const { return path_; }

  private:
    std::string path_;
};

/// The exit status of a program found by PATH; 127 when there is none.
int run(std::vector<std::string> words) {
    std::vector<char *> arguments;
    for (std::string &word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status)) return 1;
    return WEXITSTATUS(status);
}

/// TCP between addresses and ports that count up: every flow another.
using Frame = std::array<uint8_t, 64>;
std::vector<Frame> sample_frames() {
    std::vector<Frame> frames(1024);
    for (size_t i = 0; i < frames.size(); i++) {
        constexpr std::array<uint8_t, 20> kFront = {2, 0, 0, 0, 0,    1, 2, 0,  0, 0,
                                                    0, 2, 8, 0, 0x45, 0, 0, 50, 0, 0};
        std::copy(kFront.begin(), kFront.end(), frames[i].begin());
        frames[i][22] = 64;
        frames[i][23] = 6;
        for (const size_t at : {29, 35, 37})
            frames[i][at] = static_cast<uint8_t>(i * 7 + at);
        frames[i][34] = static_cast<uint8_t>(i >> 8);
    }
    return frames;
}

/// Ticks of the processor's clock where it can be read, else nanoseconds.
uint64_t ticks() {
#ifdef __x86_64__
    return __rdtsc();
#else
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

constexpr const char *kTicks =
#ifdef __x86_64__
    "TSC cycles";
#else
    "ns";
#endif

/// The best of many rounds, since the others measure what else the machine does.
template <typename Function> double cheapest(size_t calls, Function function) {
    uint64_t best = UINT64_MAX;
    for (int round = 0; round < 200; round++) {
        const uint64_t begin = ticks();
        function();
        best = std::min(best, ticks() - begin);
    }
    return static_cast<double>(best) / static_cast<double>(calls);
}

distribute::Spread four_ports() {
    distribute::Spread spread;
    spread.policy = {.fields = distribute::kLayer34, .seed = 1};
    spread.hash = distribute::FlowHash(spread.policy);
    const std::array<uint32_t, 4> weights{1, 1, 1, 1};
    spread.table = distribute::build(distribute::BucketTable::empty(), weights);
    return spread;
}

void print_costs(const bpf::Program &program) {
    const std::vector<Frame> frames = sample_frames();
    std::vector<distribute::Packet> packets;
    for (const Frame &frame : frames)
        packets.push_back(distribute::Packet::of(frame));
    std::vector<const distribute::Packet *> pointers;
    for (const distribute::Packet &packet : packets)
        pointers.push_back(&packet);
    const distribute::Spread spread = four_ports();
    const distribute::HashFunction find_hashes = distribute::hash_function(spread.policy);
    std::vector<uint16_t> buckets(packets.size());
    const auto memory = std::make_unique<bpf::ProgramMemory>();
    const double packet = cheapest(packets.size(), [&] {
        bpf::buckets_by_program({program, *memory, 0, find_hashes}, spread, pointers,
                                buckets.data());
    });
    const double call = cheapest(packets.size(), [&] {
        for (size_t i = 0; i < packets.size(); i++)
            program.run(memory->flow);
    });
    fmt::print("{:.0f} {} a call, {:.0f} a packet with reading it{}\n", call, kTicks, packet,
               program.reads().hash ? " and the lagg's own hash" : "");
    // A millisecond between two frames, for policies that look at the clock.
    for (size_t i = 0; i < packets.size(); i++)
        bpf::buckets_by_program({program, *memory, (i + 1) * 1000, find_hashes}, spread,
                                {&pointers[i], 1}, &buckets[i]);
    fmt::print("{} flows over four equal ports:", packets.size());
    for (uint8_t port = 0; port < 4; port++)
        fmt::print(" {}", std::ranges::count_if(buckets, [&](uint16_t bucket) {
                       return spread.table.member_of(bucket) == port;
                   }));
    fmt::print("\n");
}

} // namespace

int new_policy(const std::string &name) {
    const std::filesystem::path path(name + ".c");
    const std::string header = (path.parent_path() / "lagg_policy.h").string();
    const bool same = has_text(header, policy_header);
    if (!same && std::filesystem::exists(header))
        return fail(fmt::format("{} is there already, of another version; move it away", header));
    const std::string stem = path.stem().string();
    if (!write_new(path.string(), start_for(stem))) return 1;
    if (!same && !write_new(header, policy_header)) return 1;
    fmt::print("{} and {}\n", path.string(), header);
    return 0;
}

int build_policy(const std::string &source) {
    const std::filesystem::path path(source);
    if (path.extension() != ".c")
        return fail(fmt::format("{}: a policy is a file of C, and its name ends in .c", source));
    const HeaderDirectory header;
    if (header.path().empty())
        return fail(fmt::format("no temporary directory: {}", std::strerror(errno)));
    const std::string object = std::filesystem::path(path).replace_extension(".o").string();
    const int status = run({"clang", "-O2", "-g", "-Wall", "-target", "bpf", "-mcpu=v2", "-I",
                            header.path(), "-c", source, "-o", object});
    if (status == 127) return fail("clang is not installed; on Debian the package is 'clang'");
    if (status != 0) return 1; // clang has said why
    return check_policy(object);
}

int check_policy(const std::string &object) {
    const auto program = bpf::Program::load(object);
    if (!program) return fail(program.error().message);
    fmt::print("{}: {}(), {} instructions, {} octets of native code\n", object, (*program)->name(),
               (*program)->instructions(), (*program)->native_size());
    print_costs(**program);
    return 0;
}

} // namespace lagg::lab
