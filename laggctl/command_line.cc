// The grammar of laggctl. CLI11 exits with 100 and more and suggests nothing; both are mended here.
#include "laggctl/command_line.hh"

#include "control/api/nearest.hh"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace lagg::ctl {
namespace {

// A reload waits for devices, which take seconds each; everything else is answered from memory.
constexpr double kQuestionSeconds = 5;
constexpr double kReloadSeconds = 60;
constexpr double kLongestSeconds = 86400;

constexpr const char *kFooter = R"(Without a command: one line a lagg, and why ports are idle.

Exit status: 0 ok, 1 failed, 2 usage, 3 no such object, 4 daemon unreachable,
5 permission, 6 invalid configuration, 7 no traffic on the port (why), 8 something is wrong (doctor),
9 timeout.
See laggctl(1).)";

// What CLI11 fills in, before it is a CommandLine.
struct Arguments {
    bool as_json = false;
    std::string socket = kDefaultSocket;
    double timeout_seconds = kQuestionSeconds;
    std::optional<std::string> show_lagg; ///< or the view, where it stands alone
    std::optional<std::string> show_view;
    std::string lagg;
    std::string port;
    std::string state; ///< on, off
    bool as_hex = false;
    std::string config_file = kDefaultConfig;
    api::FlowQuestion flow;
};

struct Grammar {
    CLI::App app{"Ask laggd how its link aggregations are doing.", "laggctl"};
    CLI::Option *timeout = nullptr;
    CLI::App *show = nullptr;
    CLI::App *status = nullptr;
    CLI::App *reload = nullptr;
    CLI::App *doctor = nullptr;
    CLI::Option *config = nullptr;
    struct OfPorts {
        CLI::App *command;
        Verb verb;
        const api::PortSwitch *port_switch;
    };
    std::vector<OfPorts> of_ports; ///< commands about ports
};

CLI::App *add_command(Grammar &grammar, CLI::App &parent, const char *name, const char *what,
                      Verb verb, const api::PortSwitch *port_switch = nullptr) {
    CLI::App *command = parent.add_subcommand(name, what);
    grammar.of_ports.push_back({command, verb, port_switch});
    return command;
}

// Without a name of a lagg the port's alone is looked for, which is not what an empty one means.
std::string no_name(const std::string &name) {
    return name.empty() ? "a name is not empty" : "";
}

void add_lagg(CLI::App &command, Arguments &into) {
    command.add_option("LAGG", into.lagg, "Its name")->type_name("")->required()->check(no_name);
}
void add_port(CLI::App &command, Arguments &into) {
    command.add_option("PORT", into.port, "Its name")->type_name("")->required()->check(no_name);
}
void add_state(CLI::App &command, Arguments &into) {
    command.add_option("STATE", into.state, "on or off")
        ->type_name("")
        ->required()
        ->check([](const std::string &word) {
            return word == "on" || word == "off" ? "" : "\"" + word + "\" is neither on nor off";
        });
}

void describe_hash(Grammar &grammar, Arguments &into) {
    CLI::App *hash = add_command(grammar, grammar.app, "hash",
                                 "Where a flow leaves a lagg, under each policy", Verb::HASH);
    add_lagg(*hash, into);
    api::FlowQuestion &flow = into.flow;
    const auto option = [hash](const char *name, std::optional<std::string> &value,
                               const char *type, const char *what) {
        hash->add_option(name, value, what)->type_name(type);
    };
    option("--src", flow.src, "ADDRESS", "Source address, IPv4 or IPv6");
    option("--dst", flow.dst, "ADDRESS", "Destination address");
    option("--proto", flow.proto, "PROTO", "tcp, udp, sctp, ... or a number");
    option("--sport", flow.sport, "PORT", "Source port");
    option("--dport", flow.dport, "PORT", "Destination port");
    option("--smac", flow.smac, "MAC", "Source MAC address");
    option("--dmac", flow.dmac, "MAC", "Destination MAC address");
    option("--vlan", flow.vlan, "ID", "VLAN, of the outer tag");
    option("--inner-vlan", flow.inner_vlan, "ID", "VLAN of the second tag");
    option("--flow-label", flow.flow_label, "N", "Flow label of IPv6");
    option("--spi", flow.spi, "N", "SPI of ESP or AH");
    option("--ethertype", flow.ethertype, "N",
           "Of what is not IP, or of the frame around a tunnel");
    hash->add_flag_callback(
        "--fragment", [&flow] { flow.fragment = "yes"; }, "Its packets come in fragments");
}

void describe_why(Grammar &grammar, Arguments &into) {
    CLI::App *why =
        add_command(grammar, grammar.app, "why",
                    "Why a port, or each port of a lagg, carries no traffic", Verb::WHY);
    add_lagg(*why, into);
    why->add_option("PORT", into.port, "Its name; all of them without")
        ->type_name("")
        ->check(no_name);
}

void describe_lacp(Grammar &grammar, Arguments &into) {
    CLI::App *lacp = grammar.app.add_subcommand("lacp", "The LACP of one port, past and tests");
    lacp->require_subcommand(1);
    CLI::App *pdus =
        add_command(grammar, *lacp, "pdus", "The last slow-protocol frames of a port", Verb::PDUS);
    pdus->add_flag("-x,--hex", into.as_hex, "The octets too");
    CLI::App *history =
        add_command(grammar, *lacp, "history", "What its machines did lately", Verb::HISTORY);
    for (CLI::App *command : {pdus, history})
        add_port(*command, into);
}

void describe_xstats(Grammar &grammar, Arguments &into) {
    CLI::App *xstats = add_command(grammar, grammar.app, "xstats",
                                   "What the driver of a port counts", Verb::XSTATS);
    add_lagg(*xstats, into);
    add_port(*xstats, into);
}

void describe_switches(Grammar &grammar, Arguments &into) {
    for (const api::PortSwitch &row : api::kPortSwitches) {
        const bool alone = *row.below == '\0';
        CLI::App &parent = alone ? grammar.app : *grammar.app.get_subcommand(row.below);
        CLI::App *command = add_command(grammar, parent, row.word, row.help, Verb::SWITCH, &row);
        if (alone) add_lagg(*command, into);
        add_port(*command, into);
        add_state(*command, into);
    }
}

void describe(Grammar &grammar, Arguments &into) {
    CLI::App &app = grammar.app;
    app.footer(kFooter);
    app.require_subcommand(0, 1);
    app.fallthrough(); // options may follow the command; inherited by the commands below
    app.set_version_flag("--version", "laggctl " LAGG_VERSION);
    app.add_flag("-j,--json", into.as_json, "Answer in JSON, errors too");
    app.add_option("--socket", into.socket, "The daemon's API socket")
        ->envname("LAGG_API")
        ->type_name("PATH")
        ->capture_default_str();
    grammar.timeout = app.add_option("--timeout", into.timeout_seconds,
                                     "Seconds to wait for the answer (5; 60 for reload)")
                          ->type_name("SECONDS")
                          ->check(CLI::Range(0.001, kLongestSeconds));
    grammar.show = app.add_subcommand("show", "One lagg or all, in detail");
    grammar.show->add_option("LAGG", into.show_lagg, "Its name; all of them without")
        ->type_name("");
    grammar.show
        ->add_option("VIEW", into.show_view,
                     "lacp, ports, links, counters or hash; an overview without")
        ->type_name("");
    describe_why(grammar, into);
    describe_hash(grammar, into);
    describe_lacp(grammar, into);
    describe_switches(grammar, into);
    describe_xstats(grammar, into);
    grammar.status = app.add_subcommand("status", "The daemon: version, memory, workers");
    grammar.reload = app.add_subcommand("reload", "Make the daemon read its configuration again");
    grammar.doctor =
        app.add_subcommand("doctor", "What of this machine does not suit the configuration");
    grammar.config =
        grammar.doctor->add_option("-c,--config", into.config_file, "The configuration")
            ->type_name("FILE")
            ->capture_default_str();
}

std::optional<View> view_named(std::string_view name) {
    for (const auto &[known, view] : kViewNames)
        if (known == name) return view;
    return std::nullopt;
}

Failure no_such_view(const std::string &word) {
    std::vector<std::string> names;
    for (const auto &[name, view] : kViewNames)
        names.emplace_back(name);
    return {ExitCode::USAGE,
            "there is no view \"" + word +
                "\"; the views are lacp, ports, links, counters and hash",
            api::nearest(word, names)};
}

// "[LAGG] [VIEW]": a word that stands alone is a view if it is one's name, else a lagg.
std::optional<Failure> read_show(const Arguments &arguments, CommandLine &command) {
    if (!arguments.show_lagg) return std::nullopt;
    const auto alone = arguments.show_view ? std::nullopt : view_named(*arguments.show_lagg);
    if (alone) {
        command.view = *alone;
        return std::nullopt;
    }
    if (arguments.show_lagg->empty())
        return Failure{ExitCode::USAGE, "the name of a lagg is not empty"};
    command.lagg = *arguments.show_lagg;
    if (!arguments.show_view) return std::nullopt;
    const auto view = view_named(*arguments.show_view);
    if (!view) return no_such_view(*arguments.show_view);
    command.view = *view;
    return std::nullopt;
}

// Of the program and of the command that was given.
std::vector<std::string> options_of(const CLI::App &app) {
    std::vector<std::string> names;
    const auto add = [&names](const CLI::App &of) {
        for (const CLI::Option *option : of.get_options())
            for (const std::string &name : option->get_lnames())
                names.push_back("--" + name);
    };
    add(app);
    for (const CLI::App *command : app.get_subcommands()) {
        add(*command);
        for (const CLI::App *below : command->get_subcommands())
            add(*below);
    }
    return names;
}

/// Commands of the program, or below another one.
std::vector<std::string> commands_of(const CLI::App &app) {
    std::vector<std::string> names;
    for (const CLI::App *command : app.get_subcommands([](const CLI::App *) { return true; }))
        names.push_back(command->get_name());
    return names;
}

/// "a, b or c"
std::string enumerated(std::vector<std::string> words, const char *before_the_last) {
    const std::string last = words.back();
    words.pop_back();
    return fmt::format("{} {} {}", fmt::join(words, ", "), before_the_last, last);
}

// CLI11's complaint, with the word that was probably meant.
Failure usage_failure(const CLI::App &app, const CLI::ParseError &error) {
    const auto extras = app.remaining(true);
    if (extras.empty() && error.get_name() == "RequiredError" && app.got_subcommand("lacp") &&
        app.get_subcommand("lacp")->get_subcommands().empty())
        return {ExitCode::USAGE, "lacp needs one more word: " +
                                     enumerated(commands_of(*app.get_subcommand("lacp")), "or") +
                                     " (see laggctl --help)"};
    if (extras.empty()) return {ExitCode::USAGE, error.what()};
    const std::string &word = extras.front();
    if (word.starts_with("-"))
        return {ExitCode::USAGE, "there is no option \"" + word + "\" (see laggctl --help)",
                api::nearest(word, options_of(app))};
    const auto commands = app.get_subcommands();
    if (!commands.empty() && commands.front()->get_name() == "lacp" &&
        commands.front()->get_subcommands().empty()) {
        const std::vector<std::string> names = commands_of(*commands.front());
        return {ExitCode::USAGE,
                "there is no command \"lacp " + word + "\"; there are " + enumerated(names, "and"),
                api::nearest(word, names)};
    }
    if (!commands.empty())
        return {ExitCode::USAGE, "\"" + word + "\" is one word too many (see laggctl --help)"};
    const std::vector<std::string> names = commands_of(app);
    return {ExitCode::USAGE,
            "there is no command \"" + word + "\"; the commands are " + enumerated(names, "and"),
            api::nearest(word, names)};
}

// How errors are to be printed has to be known even where parsing failed.
bool asks_for_json(int argc, const char *const *argv) {
    return std::any_of(argv + 1, argv + argc, [](const char *word) {
        return std::string_view(word) == "-j" || std::string_view(word) == "--json";
    });
}

} // namespace

std::variant<CommandLine, Outcome> parse_command_line(int argc, const char *const *argv) {
    Arguments arguments;
    Grammar grammar;
    describe(grammar, arguments);
    try {
        grammar.app.parse(argc, argv);
    } catch (const CLI::Success &asked) {
        std::ostringstream out;
        grammar.app.exit(asked, out, out);
        return Outcome{ExitCode::OK, out.str(), {}};
    } catch (const CLI::ParseError &error) {
        return to_outcome(usage_failure(grammar.app, error), asks_for_json(argc, argv));
    }

    CommandLine command;
    command.as_json = arguments.as_json;
    command.socket = arguments.socket;
    if (*grammar.show) command.verb = Verb::SHOW;
    if (*grammar.status) command.verb = Verb::STATUS;
    if (*grammar.reload) command.verb = Verb::RELOAD;
    if (*grammar.doctor) command.verb = Verb::DOCTOR;
    command.config_file = arguments.config_file;
    command.config_was_named = grammar.config->count() != 0;
    if (command.verb == Verb::RELOAD && grammar.timeout->count() == 0)
        arguments.timeout_seconds = kReloadSeconds;
    for (const auto &[parsed, verb, port_switch] : grammar.of_ports) {
        if (!*parsed) continue;
        command.verb = verb;
        command.port_switch = port_switch;
        command.lagg = arguments.lagg;
        command.port = arguments.port;
        command.on = arguments.state == "on";
        command.as_hex = arguments.as_hex;
        command.flow = arguments.flow;
    }
    command.timeout =
        std::chrono::milliseconds(static_cast<long>(arguments.timeout_seconds * 1000));
    if (const auto failure = read_show(arguments, command))
        return to_outcome(*failure, command.as_json);
    return command;
}

} // namespace lagg::ctl
