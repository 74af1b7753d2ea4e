// laggctl: asks laggd over its socket and prints the answer. Without DPDK, whose start alone would
// take longer than the whole call.
#include "dataplane/files/files.hh"
#include "laggctl/command_line.hh"
#include "laggctl/run.hh"

#include <cstdio>

int main(int argc, char **argv) {
    using namespace lagg::ctl;
    lagg::take_standard_descriptors();
    const auto parsed = parse_command_line(argc, argv);
    const auto *command = std::get_if<CommandLine>(&parsed);
    const Outcome outcome = command ? run(*command) : std::get<Outcome>(parsed);

    std::fputs(outcome.standard_error.c_str(), stderr);
    std::fputs(outcome.standard_output.c_str(), stdout);
    // A full disk must not look like success.
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
        std::perror("laggctl: standard output");
        return static_cast<int>(ExitCode::FAILED);
    }
    return static_cast<int>(outcome.code);
}
