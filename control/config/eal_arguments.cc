// What [daemon] eal must not hold. EAL reads its arguments with getopt_long(), which takes any
// beginning of a long option that is the only one, and several short options in one word.
#include "control/config/values.hh"

#include "dataplane/base/wording.hh"

namespace lagg::config {

namespace {

constexpr const char *kCores = "'workers' of [daemon] names the cores";
constexpr const char *kMemory = "'memory' and 'memory_mb' of [daemon] say what memory is taken";
constexpr const char *kDevices = "a [[port]] names each device";
constexpr const char *kAlone = "laggd is a primary process with files of its own";
constexpr const char *kEnds = "it prints and ends the process";

struct Owned {
    char letter; ///< 0: it has none
    std::string_view name;
    const char *why;
};
constexpr Owned kOwned[] = {
    {'l', "lcores", kCores},  {'c', "", kCores},         {'s', "", kCores},
    {'S', "", kCores},        {0, "main-lcore", kCores}, {'m', "", kMemory},
    {0, "no-huge", kMemory},  {0, "in-memory", kMemory}, {'a', "allow", kDevices},
    {'b', "block", kDevices}, {0, "vdev", kDevices},     {0, "file-prefix", kAlone},
    {0, "proc-type", kAlone}, {'h', "help", kEnds},      {0, "log-level=help", kEnds},
};
/// The other short options with an argument, which is what follows them in the word.
constexpr std::string_view kWithArgument = "dnr";

const char *why_not_long(std::string_view option) {
    const std::string_view name = option.substr(0, option.find('='));
    if (name.empty()) return nullptr;
    for (const Owned &owned : kOwned) {
        const bool with_value = owned.name.find('=') != owned.name.npos;
        const std::string_view owned_name = owned.name.substr(0, owned.name.find('='));
        if (!owned_name.starts_with(name)) continue;
        if (!with_value || option.substr(name.size()) == owned.name.substr(owned_name.size()))
            return owned.why;
    }
    return nullptr;
}

const char *why_not_short(std::string_view letters) {
    for (const char letter : letters) {
        for (const Owned &owned : kOwned)
            if (owned.letter == letter) return owned.why;
        if (kWithArgument.find(letter) != kWithArgument.npos) return nullptr;
    }
    return nullptr;
}

} // namespace

Result<void> check_eal_argument(std::string_view argument) {
    const char *why = nullptr;
    if (argument.starts_with("--"))
        why = why_not_long(argument.substr(2));
    else if (argument.starts_with('-'))
        why = why_not_short(argument.substr(1));
    else if (argument == "help") // the value of a --log-level before it
        why = kEnds;
    if (why == nullptr) return {};
    return Error{"'eal' of [daemon] holds " + in_quotes(argument) +
                 ", which is not passed on: " + why + "; take it out"};
}

} // namespace lagg::config
