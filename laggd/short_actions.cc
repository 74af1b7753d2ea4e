#include "laggd/short_actions.hh"

#include "control/config/describe_keys.hh"
#include "control/config/load.hh"
#include "control/kernel/interface.hh"
#include "laggd/candidate.hh"
#include "laggd/kernel_upper.hh"
#include "laggd/lagg_mac.hh"
#include "laggd/options.hh"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <variant>

namespace lagg::daemon {

namespace {

int failed(const Error &error) {
    std::fprintf(stderr, "laggd: %s\n", error.message.c_str());
    return kExitFailed;
}

/// Beside the API's socket; the usual place when the configuration cannot be read.
std::string state_directory_of(const std::string &config_file) {
    const config::Loaded loaded = config::load(config_file);
    const auto *config = std::get_if<config::Config>(&loaded);
    return std::filesystem::path((config != nullptr ? *config : config::Config{}).daemon.api)
        .parent_path();
}

} // namespace

void print_mistakes(const std::vector<config::Mistake> &mistakes) {
    for (const config::Mistake &mistake : mistakes)
        std::fprintf(stderr, "%s\n", config::to_string(mistake).c_str());
}

int check(const std::string &config_file) {
    const auto read = read_candidate(config_file, {.purpose = Situation::Purpose::CHECK});
    if (const auto *mistakes = std::get_if<config::Mistakes>(&read)) {
        print_mistakes(mistakes->list);
        return kExitBadConfig;
    }
    const auto &candidate = std::get<Candidate>(read);
    std::vector<config::Mistake> warnings = candidate.warnings;
    for (config::Mistake &warning : warnings)
        warning.message = "warning: " + warning.message;
    print_mistakes(warnings);
    const config::Config &config = candidate.config;
    std::printf("%s: good: %zu lagg%s over %zu port%s\n", config_file.c_str(), config.laggs.size(),
                config.laggs.size() == 1 ? "" : "s", config.ports.size(),
                config.ports.size() == 1 ? "" : "s");
    return kExitOk;
}

int describe(bool as_schema) {
    std::puts((as_schema ? config::config_schema() : config::describe_config()).c_str());
    return kExitOk;
}

int remove_interfaces(const std::string &config_file) {
    const std::string state_directory = state_directory_of(config_file);
    Result<std::unique_ptr<kernel::Rtnetlink>> netlink = kernel::Rtnetlink::open();
    if (!netlink) return failed(netlink.error());
    const Result<std::vector<std::string>> names = (*netlink)->lagg_interfaces();
    if (!names) return failed(names.error());
    int code = kExitOk;
    for (const std::string &name : *names) {
        forget_mac(state_directory, name);
        const Result<void> removed = KernelUpper::remove_by_name(name, **netlink, state_directory);
        if (removed)
            std::printf("removed %s\n", name.c_str());
        else
            code = failed(removed.error());
    }
    return code;
}

} // namespace lagg::daemon
