// lagglab: long runs of the LACP core outside the tests, and the workshop for policies. See
// lagglab(1).
#include "lagglab/lacp_replay.hh"
#include "lagglab/lacp_sim.hh"
#include "lagglab/policy_command.hh"

#include <CLI/CLI.hpp>

#include <string>

int main(int argc, char **argv) {
    CLI::App app{"Runs the LACP core of laggd in a laboratory, and makes policies"};
    app.require_subcommand(1);

    lagg::lab::SimOptions sim;
    CLI::App *lacp_sim = app.add_subcommand("lacp-sim", "Simulate random networks, one a seed");
    lacp_sim->add_option("--seeds", sim.seeds, "How many seeds")->capture_default_str();
    lacp_sim->add_option("--first", sim.first, "The first seed")->capture_default_str();
    lacp_sim->add_option("--jobs", sim.jobs, "Threads")
        ->capture_default_str()
        ->check(CLI::Range(1, 1024));
    lacp_sim->add_option("--trace", sim.trace, "Run this seed alone and print all that happens");

    std::string recording;
    CLI::App *lacp_replay =
        app.add_subcommand("lacp-replay", "Play a recording of laggd through the core");
    lacp_replay->add_option("file", recording, "What [daemon] record wrote")->required();

    std::string name, source, object;
    CLI::App *policy = app.add_subcommand("policy", "Write policies in C; see lagg-policy(7)");
    policy->require_subcommand(1);
    CLI::App *create = policy->add_subcommand("new", "Write NAME.c to begin with");
    create->add_option("name", name, "Without .c")->required();
    CLI::App *build = policy->add_subcommand("build", "Compile FILE.c with clang, then check it");
    build->add_option("file", source, "FILE.c")->required();
    CLI::App *check = policy->add_subcommand("check", "Load FILE.o as laggd does");
    check->add_option("file", object, "FILE.o")->required();

    CLI11_PARSE(app, argc, argv);
    if (create->parsed()) return lagg::lab::new_policy(name);
    if (build->parsed()) return lagg::lab::build_policy(source);
    if (check->parsed()) return lagg::lab::check_policy(object);
    if (lacp_replay->parsed()) return lagg::lab::run_lacp_replay(recording);
    return lagg::lab::run_lacp_sim(sim);
}
