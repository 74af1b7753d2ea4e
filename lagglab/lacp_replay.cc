#include "lagglab/lacp_replay.hh"

#include "control/recording/replay.hh"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

namespace lagg::lab {

int run_lacp_replay(const std::string &file) {
    std::ifstream input(file);
    if (!input) {
        std::fprintf(stderr, "lagglab: cannot read %s: %s\n", file.c_str(), std::strerror(errno));
        return 1;
    }
    const Result<recording::Replayed> replayed = recording::replay(input, std::cout);
    std::cout.flush();
    if (!replayed) {
        std::fprintf(stderr, "lagglab: %s, %s\n", file.c_str(), replayed.error().message.c_str());
        return 1;
    }
    if (replayed->cut_short) {
        std::printf("the recording is cut short: lines were lost here, or it was full\n");
    }
    std::printf("replay matches the recording: %llu events, %llu actions\n",
                static_cast<unsigned long long>(replayed->events),
                static_cast<unsigned long long>(replayed->actions));
    return 0;
}

} // namespace lagg::lab
