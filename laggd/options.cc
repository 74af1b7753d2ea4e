#include "laggd/options.hh"

#include <CLI/CLI.hpp>

namespace lagg::daemon {

Options parse_command_line(int argc, char **argv) {
    Options options;
    std::string check_file;
    bool remove_interfaces = false;
    CLI::App app{"laggd aggregates network ports in user space: see laggd(8), lagg.toml(5)"};
    app.set_version_flag("--version", "laggd " LAGG_VERSION);
    app.add_option("-c,--config", options.config_file, "configuration file")->capture_default_str();
    CLI::Option *check =
        app.add_option("--check", check_file, "check a configuration file and leave: 0 good, 6 bad")
            ->type_name("FILE");
    std::string description = "keys";
    CLI::Option *describe =
        app.add_option("--describe-config", description,
                       "print every key of the configuration as JSON, or \"schema\" a JSON Schema, "
                       "and leave")
            ->type_name("keys|schema")
            ->expected(0, 1)
            ->check(CLI::IsMember({"keys", "schema"}))
            ->excludes(check);
    app.add_flag("--remove-interfaces", remove_interfaces,
                 "remove every kernel interface that laggd left, and leave")
        ->excludes(check)
        ->excludes(describe);
    app.add_option("--log", options.log_level,
                   "error, warning, info or debug, over the file's [daemon] log")
        ->check(CLI::IsMember({"error", "warning", "info", "debug"}));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &stop) {
        options.action = Options::Action::LEAVE;
        options.exit_code = app.exit(stop) == 0 ? kExitOk : kExitUsage;
        return options;
    }
    if (*check) {
        options.action = Options::Action::CHECK;
        options.config_file = check_file;
    } else if (*describe) {
        options.action = Options::Action::DESCRIBE_CONFIG;
        options.as_schema = description == "schema";
    } else if (remove_interfaces) {
        options.action = Options::Action::REMOVE_INTERFACES;
    }
    return options;
}

} // namespace lagg::daemon
