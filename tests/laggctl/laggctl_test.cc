// The program itself, run against a real server: what it prints and how it exits.
#include "tests/control/api/raw_client.hh"
#include "tests/control/api/running_server.hh"
#include "tests/laggctl/sample.hh"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

namespace lagg::ctl {
namespace {

using nlohmann::json;
using Done = std::function<void(Result<std::string>)>;

struct Ended {
    int code = -1;
    std::string out;
    std::string err;
};

std::string content_of(const std::string &path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

class LaggctlTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const char *program = std::getenv("LAGGCTL");
        ASSERT_NE(program, nullptr) << "LAGGCTL must name the program under test";
        program_ = program;
    }

    void serve(std::function<void(Done)> reload = [](const Done &done) {
        done(std::string("2 changes applied"));
    }) {
        api::Handlers handlers{.status =
                                   [] {
                                       api::Status status;
                                       status.version = "1.2.3";
                                       status.laggs = {testing::degraded(), testing::failover()};
                                       return status;
                                   },
                               .reload = std::move(reload)};
        handlers.history = [](const std::string &lagg, const std::string &port) {
            api::PortHistory history{lagg, port, {}, {}};
            history.transitions.resize(2);
            history.pdus.resize(3);
            return history;
        };
        handlers.where_goes = [](const std::string &lagg,
                                 const api::FlowQuestion &flow) -> Result<api::FlowAnswer> {
            if (flow.sport == "70000") return Error{"'sport' is \"70000\"; that is no port"};
            api::FlowAnswer answer;
            answer.lagg = lagg;
            answer.how = "echoed";
            answer.policies.resize(1);
            answer.policies[0].own = true;
            answer.policies[0].port = "p0";
            for (const auto &value : {flow.src, flow.dst, flow.proto, flow.sport, flow.dport,
                                      flow.smac, flow.dmac, flow.vlan, flow.inner_vlan,
                                      flow.flow_label, flow.spi, flow.ethertype, flow.fragment})
                answer.policies[0].policy += value.value_or("-") + " ";
            return answer;
        };
        handlers.switch_port = [this](const api::SwitchWish &wish) -> Result<std::string> {
            if (wish.port == "p1") return Error{"p1 is not open"};
            wishes_.push_back(wish);
            return std::string("so be it");
        };
        server_ = std::make_unique<api::testing::RunningServer>(socket_, std::move(handlers));
        ASSERT_TRUE(server_->result());
    }

    // Runs laggctl, as `user` where that is not 0.
    Ended run(std::vector<std::string> arguments, uid_t user = 0) {
        arguments.insert(arguments.begin(), program_);
        const std::string out = directory_.file("out"), err = directory_.file("err");
        const pid_t child = fork();
        if (child == 0) {
            setenv("LAGG_API", socket_.c_str(), 1);
            if (!std::freopen(out.c_str(), "w", stdout) ||
                !std::freopen(err.c_str(), "w", stderr) ||
                (user && (setgid(user) != 0 || setuid(user) != 0)))
                _exit(126);
            std::vector<char *> argv;
            for (std::string &argument : arguments)
                argv.push_back(argument.data());
            argv.push_back(nullptr);
            execv(program_.c_str(), argv.data());
            _exit(127);
        }
        int status = 0;
        waitpid(child, &status, 0);
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content_of(out), content_of(err)};
    }

    api::testing::TemporaryDirectory directory_;
    std::string socket_ = directory_.file("api.sock");
    std::string program_;
    std::vector<api::SwitchWish> wishes_; ///< written by the server, to be read after its end
    std::unique_ptr<api::testing::RunningServer> server_;
};

TEST_F(LaggctlTest, WithoutArgumentsPrintsTheSummary) {
    serve();
    const Ended ended = run({});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_TRUE(ended.out.starts_with("NAME    PROTO     STATE     PORTS")) << ended.out;
    EXPECT_NE(ended.out.find("  ! p1: no LACPDU for 95 s\n"), std::string::npos);
    EXPECT_EQ(ended.err, "");
}

TEST_F(LaggctlTest, ShowTakesALaggAViewOrBoth) {
    serve();
    const std::string all = run({"show"}).out;
    EXPECT_TRUE(all.starts_with("lagg0  uplink to sw1\n"));
    EXPECT_NE(all.find("\nlagg12\n"), std::string::npos);
    const std::string one = run({"show", "lagg0"}).out;
    EXPECT_NE(one.find("aliases      192.0.2.1/24"), std::string::npos);
    EXPECT_EQ(one.find("lagg12"), std::string::npos);
    EXPECT_NE(run({"show", "lacp"}).out.find("lagg12  FAILOVER: no LACP here"), std::string::npos);
    EXPECT_NE(run({"show", "lagg0", "counters"}).out.find("RX-NOT-COLL"), std::string::npos);
    EXPECT_NE(run({"show", "lagg0", "ports"}).out.find("WATCHED-BY"), std::string::npos);
    EXPECT_NE(run({"show", "lagg0", "hash"}).out.find("seed 0x00001234"), std::string::npos);
}

TEST_F(LaggctlTest, StatusAndReload) {
    serve();
    EXPECT_TRUE(run({"status"}).out.starts_with("laggd 1.2.3  pid 0"));
    const Ended reload = run({"reload"});
    EXPECT_EQ(reload.code, 0);
    EXPECT_EQ(reload.out, "2 changes applied\n");
}

TEST_F(LaggctlTest, JsonEverywhere) {
    serve();
    EXPECT_EQ(json::parse(run({"-j"}).out).at(1).at("name"), "lagg12");
    EXPECT_EQ(json::parse(run({"show", "lagg0", "lacp", "-j"}).out).at("mtu"), 9000);
    EXPECT_EQ(json::parse(run({"--json", "status"}).out).at("version"), "1.2.3");
    EXPECT_EQ(json::parse(run({"reload", "-j"}).out).at("message"), "2 changes applied");
    const Ended missing = run({"-j", "show", "lagg1"});
    EXPECT_EQ(missing.code, 3);
    EXPECT_EQ(missing.err, "");
    EXPECT_EQ(json::parse(missing.out).at("error").at("nearest"), "lagg0");
    const Ended usage = run({"shwo", "-j"});
    EXPECT_EQ(usage.code, 2);
    EXPECT_EQ(json::parse(usage.out).at("error").at("nearest"), "show");
    EXPECT_EQ(json::parse(usage.out).at("error").at("exit_code"), 2);
}

TEST_F(LaggctlTest, UsageErrorsExitWith2) {
    for (const std::vector<std::string> &arguments :
         std::vector<std::vector<std::string>>{{"shwo"},
                                               {"show", "lagg0", "lcap"},
                                               {"show", "a", "lacp", "c"},
                                               {"--jsn"},
                                               {"--timeout", "0"},
                                               {"--timeout", "x"},
                                               {"status", "--socket"},
                                               {"status", "reload"},
                                               {"--socket", std::string(200, 'x')},
                                               {"show", ""},
                                               {"why"},
                                               {"lacp"},
                                               {"lacp", "pdu", "p0"},
                                               {"lacp", "txtest", "p0"},
                                               {"lacp", "txtest", "p0", "maybe"},
                                               {"drain", "lagg0", "p0"},
                                               {"hash"},
                                               {"hash", "lagg0", "--src"},
                                               {"hash", "lagg0", "192.0.2.1"},
                                               {"hash", "lagg0", "--scr", "192.0.2.1"}}) {
        const Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 2) << arguments.front() << ": " << ended.out;
        EXPECT_TRUE(ended.err.starts_with("laggctl: ")) << ended.err;
    }
    EXPECT_NE(run({"shwo"}).err.find("did you mean show?"), std::string::npos);
    EXPECT_NE(run({"show", "lagg0", "lcap"}).err.find("did you mean lacp?"), std::string::npos);
    EXPECT_NE(run({"lacp", "pdu", "p0"}).err.find("did you mean pdus?"), std::string::npos);
    EXPECT_EQ(run({"lacp"}).err, "laggctl: lacp needs one more word: pdus, history, txtest or "
                                 "rxtest (see laggctl --help)\n");
    EXPECT_EQ(run({"lacp", "dump"}).err, "laggctl: there is no command \"lacp dump\"; there are "
                                         "pdus, history, txtest and rxtest\n");
    EXPECT_EQ(run({"bridge"}).err,
              "laggctl: there is no command \"bridge\"; the commands are show, why, hash, lacp, "
              "drain, xstats, status, reload and doctor\n");
    EXPECT_NE(run({"drain", "lagg0", "p0", "maybe"}).err.find("neither on nor off"),
              std::string::npos);
    EXPECT_NE(run({"hash", "lagg0", "--scr", "x"}).err.find("did you mean --src?"),
              std::string::npos);
    EXPECT_NE(run({"--jsn"}).err.find("did you mean --json?"), std::string::npos);
}

TEST_F(LaggctlTest, WhyExitsWith0OrWith7) {
    serve();
    const Ended carries = run({"why", "lagg0", "p0"});
    EXPECT_EQ(carries.code, 0) << carries.err;
    EXPECT_TRUE(carries.out.ends_with("p0 carries traffic.\n")) << carries.out;
    const Ended idle = run({"why", "lagg0", "p1"});
    EXPECT_EQ(idle.code, 7);
    EXPECT_NE(idle.out.find("WRONG  LACPDUs in"), std::string::npos) << idle.out;
    EXPECT_EQ(idle.err, "");
    const Ended both = run({"-j", "why", "lagg0"});
    EXPECT_EQ(both.code, 7);
    EXPECT_EQ(json::parse(both.out).size(), 2u);
    EXPECT_EQ(json::parse(run({"-j", "why", "lagg0", "p1"}).out).at("finding"), "partner_silent");
}

TEST_F(LaggctlTest, HashAsksAboutAFlow) {
    serve();
    const Ended all =
        run({"hash",        "lagg0", "--src",        "a", "--dst",        "b", "--proto", "c",
             "--sport",     "1",     "--dport",      "2", "--smac",       "d", "--dmac",  "e",
             "--vlan",      "3",     "--inner-vlan", "4", "--flow-label", "5", "--spi",   "6",
             "--ethertype", "7",     "--fragment"});
    EXPECT_EQ(all.code, 0) << all.err;
    EXPECT_NE(all.out.find("* a b c 1 2 d e 3 4 5 6 7 yes "), std::string::npos) << all.out;
    EXPECT_TRUE(all.out.starts_with("lagg0: echoed\nPOLICY")) << all.out;
    const json some = json::parse(run({"-j", "hash", "lagg0", "--dst", "b", "--src", "a"}).out);
    EXPECT_EQ(some.at("policies").at(0).at("policy"), "a b - - - - - - - - - - - ");
}

TEST_F(LaggctlTest, AWrongFlowExitsWith2AndAnUnknownLaggWith3) {
    serve();
    const Ended wrong = run({"hash", "lagg0", "--sport", "70000"});
    EXPECT_EQ(wrong.code, 2);
    EXPECT_EQ(wrong.err, "laggctl: 'sport' is \"70000\"; that is no port\n");
    EXPECT_EQ(run({"hash", "lagg0", "--src", "\xff"}).code, 0) << "the daemon's to judge";
    const Ended unknown = run({"hash", "lag0", "--src", "a"});
    EXPECT_EQ(unknown.code, 3);
    EXPECT_NE(unknown.err.find("did you mean lagg0?"), std::string::npos);
}

TEST_F(LaggctlTest, APortsLaggIsFound) {
    serve();
    const Ended pdus = run({"lacp", "pdus", "p3"});
    EXPECT_EQ(pdus.code, 0) << pdus.err;
    EXPECT_TRUE(pdus.out.starts_with("lagg12  p3: ")) << pdus.out;
    EXPECT_EQ(run({"lacp", "pdus", "p0", "-x"}).code, 0);
    EXPECT_EQ(json::parse(run({"lacp", "pdus", "p0", "-j"}).out).size(), 3u);
    EXPECT_EQ(json::parse(run({"lacp", "history", "p0", "-j"}).out).size(), 2u);
    EXPECT_TRUE(run({"lacp", "history", "p0"}).out.starts_with("lagg0  p0: "));
}

TEST_F(LaggctlTest, PortsAreSwitched) {
    serve();
    for (const api::PortSwitch &row : api::kPortSwitches)
        for (const char *state : {"on", "off"}) {
            const std::string below = row.below;
            const Ended ended =
                run(below.empty() ? std::vector<std::string>{row.word, "lagg12", "p3", state}
                                  : std::vector<std::string>{below, row.word, "p3", state});
            EXPECT_EQ(ended.code, 0) << ended.err;
            EXPECT_EQ(ended.out, "so be it\n");
        }
    server_.reset();
    ASSERT_EQ(wishes_.size(), 2 * std::size(api::kPortSwitches));
    for (size_t i = 0; i < wishes_.size(); ++i) {
        EXPECT_EQ(wishes_[i].what, &api::kPortSwitches[i / 2]);
        EXPECT_EQ(wishes_[i].on, i % 2 == 0);
        EXPECT_EQ(wishes_[i].lagg + wishes_[i].port, "lagg12p3");
    }
}

TEST_F(LaggctlTest, ADaemonWithoutAPlaceSaysSoAndExitsWith1) {
    serve();
    std::vector<std::unique_ptr<api::testing::RawClient>> clients;
    for (size_t i = 0; i < api::Limits{}.clients; ++i)
        clients.push_back(std::make_unique<api::testing::RawClient>(socket_));
    for (const std::vector<std::string> &arguments :
         std::vector<std::vector<std::string>>{{}, {"reload"}, {"lacp", "txtest", "p3", "on"}}) {
        const Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 1) << ended.out;
        EXPECT_EQ(ended.err, "laggctl: laggd serves 64 clients of its API at a time, and has as "
                             "many; end one of them or try again later\n");
    }
}

TEST_F(LaggctlTest, ASwitchThatIsRefusedExitsWith1) {
    serve();
    const Ended ended = run({"drain", "lagg0", "p1", "on"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_EQ(ended.err, "laggctl: p1 is not open\n");
}

TEST_F(LaggctlTest, AnUnknownPortExitsWith3) {
    serve();
    for (const std::vector<std::string> &arguments :
         std::vector<std::vector<std::string>>{{"why", "lagg0", "q0"},
                                               {"lacp", "pdus", "q0"},
                                               {"lacp", "txtest", "q0", "on"},
                                               {"drain", "lagg0", "q0", "on"}}) {
        const Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 3) << arguments.front();
        EXPECT_NE(ended.err.find("did you mean p0?"), std::string::npos) << ended.err;
    }
    EXPECT_EQ(run({"why", "lag0"}).code, 3);
    EXPECT_EQ(run({"drain", "lag0", "p0", "on"}).code, 3);
}

TEST_F(LaggctlTest, AnUnknownLaggExitsWith3) {
    serve();
    const Ended ended = run({"show", "lag12"});
    EXPECT_EQ(ended.code, 3);
    EXPECT_EQ(ended.err, "laggctl: there is no lagg \"lag12\"; did you mean lagg12?\n");
    EXPECT_NE(run({"show", "counter"}).err.find("did you mean counters?"), std::string::npos);
    EXPECT_EQ(run({"show", "../status"}).code, 3);
}

TEST_F(LaggctlTest, NoDaemonExitsWith4AndSaysWhatToDo) {
    const Ended absent = run({});
    EXPECT_EQ(absent.code, 4);
    EXPECT_NE(absent.err.find(socket_), std::string::npos);
    EXPECT_NE(absent.err.find("systemctl start laggd"), std::string::npos);
    EXPECT_NE(absent.err.find("--socket"), std::string::npos);
    EXPECT_NE(run({"--socket", "/nowhere/at.all"}).err.find("/nowhere/at.all"), std::string::npos);
}

TEST_F(LaggctlTest, NoPermissionExitsWith5AndNamesTheGroup) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody without permission";
    serve();
    chmod(directory_.file("").c_str(), 0755);
    for (const char *file : {"out", "err"}) {
        std::ofstream(directory_.file(file)).flush();
        chmod(directory_.file(file).c_str(), 0666);
    }
    const Ended ended = run({}, 65534);
    if (ended.code == 127) GTEST_SKIP() << "the program lies where an ordinary user cannot run it";
    EXPECT_EQ(ended.code, 5) << ended.err;
    EXPECT_NE(ended.err.find("member of group "), std::string::npos) << ended.err;
}

TEST_F(LaggctlTest, ARefusedReloadExitsWith6AndKeepsItsLines) {
    serve([](const Done &done) { done(Error{"lagg.toml:3:1: no\nlagg.toml:4:1: nor this"}); });
    const Ended ended = run({"reload"});
    EXPECT_EQ(ended.code, 6);
    EXPECT_EQ(ended.err, "laggctl: lagg.toml:3:1: no\nlagg.toml:4:1: nor this\n");
}

TEST_F(LaggctlTest, ASlowReloadExitsWith9) {
    std::vector<Done> never;
    serve([&](Done done) { never.push_back(std::move(done)); });
    const Ended ended = run({"reload", "--timeout", "0.1"});
    EXPECT_EQ(ended.code, 9);
    EXPECT_NE(ended.err.find("within 0.1 s"), std::string::npos) << ended.err;
    server_.reset();
}

TEST_F(LaggctlTest, SomethingElseOnTheSocketExitsWith1) {
    const int other = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(bind(other, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
    ASSERT_EQ(listen(other, 4), 0);
    // Each entry answers one call.
    for (const std::string &answer :
         {std::string("220 mail.example ESMTP\r\n"),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
          std::string("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}"),
          std::string("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")}) {
        std::thread answering([&] {
            const int client = accept(other, nullptr, nullptr);
            char request[4096];
            EXPECT_GT(recv(client, request, sizeof request, 0), 0);
            send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
            close(client);
        });
        const Ended ended = run({});
        answering.join();
        EXPECT_EQ(ended.code, 1) << answer << ended.err;
    }
    close(other);
}

TEST_F(LaggctlTest, HelpAndVersion) {
    const Ended version = run({"--version"});
    EXPECT_EQ(version.code, 0);
    EXPECT_TRUE(version.out.starts_with("laggctl ")) << version.out;
    const Ended help = run({"--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.out.find("reload"), std::string::npos);
}

TEST_F(LaggctlTest, ANameIsNeverAPath) {
    serve();
    for (const char *name :
         {"lagg0/ports/p0/lacp", "lagg0%2Fports%2Fp0%2Flacp", "lagg0/ports/p0"}) {
        const Ended ended = run({"show", name});
        EXPECT_EQ(ended.code, 3) << name << ended.out;
        EXPECT_EQ(ended.out, "");
        EXPECT_NE(ended.err.find("there is no lagg \"" + std::string(name) + "\""),
                  std::string::npos)
            << ended.err;
    }
    EXPECT_EQ(run({"why", "lagg0/hash"}).code, 3);
    EXPECT_EQ(run({"xstats", "lagg0", "p0/drain"}).code, 3);
}

TEST_F(LaggctlTest, AnEmptyNameIsNoName) {
    serve();
    for (const std::vector<std::string> &arguments :
         std::vector<std::vector<std::string>>{{"drain", "", "p0", "on"},
                                               {"drain", "lagg0", "", "on"},
                                               {"why", ""},
                                               {"why", "lagg0", ""},
                                               {"hash", ""},
                                               {"xstats", "", "p0"},
                                               {"lacp", "pdus", ""},
                                               {"lacp", "txtest", "", "on"}}) {
        const Ended ended = run(arguments);
        EXPECT_EQ(ended.code, 2) << ended.out;
        EXPECT_NE(ended.err.find("a name is not empty"), std::string::npos) << ended.err;
    }
    server_.reset();
    EXPECT_TRUE(wishes_.empty());
}

} // namespace
} // namespace lagg::ctl
