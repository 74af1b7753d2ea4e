// The server end to end over a real socket: the paths, the refusals, and clients that misbehave.
#include "control/api/unix_socket.hh"
#include "tests/control/api/raw_client.hh"
#include "tests/control/api/running_server.hh"

#include <grp.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <thread>
#include <vector>

namespace lagg::api {
namespace {

using nlohmann::json;
using testing::plain_request;
using testing::RawClient;
using testing::RunningServer;
using testing::TemporaryDirectory;
using Done = std::function<void(Result<std::string>)>;

Status two_laggs() {
    Status status;
    status.version = "1.2.3";
    status.laggs.resize(2);
    status.laggs[0].name = "lagg0";
    status.laggs[1].name = "lagg1";
    return status;
}

Handlers handlers_with(std::function<void(Done)> reload) {
    return {two_laggs, std::move(reload)};
}
Handlers plain_handlers() {
    return handlers_with([](const Done &done) { done(std::string("nothing changed")); });
}

/// lagg1 has the ports p0 and p1; what is switched is remembered.
Handlers handlers_of_ports(std::vector<SwitchWish> &wishes) {
    Handlers handlers = plain_handlers();
    handlers.status = [] {
        Status status = two_laggs();
        status.laggs[1].ports.resize(2);
        status.laggs[1].ports[0].name = "p0";
        status.laggs[1].ports[1].name = "p1";
        return status;
    };
    handlers.history = [](const std::string &lagg, const std::string &port) {
        PortHistory history{lagg, port, {}, {}};
        history.transitions.resize(1);
        return history;
    };
    handlers.switch_port = [&](const SwitchWish &wish) -> Result<std::string> {
        wishes.push_back(wish);
        if (wish.port == "p1") return Error{"p1 is not open"};
        return std::string("done");
    };
    return handlers;
}

int code_of(const std::string &answer) {
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}
json body_of(const std::string &answer) {
    const size_t end = answer.find("\r\n\r\n");
    return json::parse(end == std::string::npos ? "" : answer.substr(end + 4), nullptr, false);
}

class ServerTest : public ::testing::Test {
  protected:
    void start(Handlers handlers = plain_handlers(), Limits limits = {}) {
        server_ = std::make_unique<RunningServer>(path_, std::move(handlers), limits);
        ASSERT_TRUE(server_->result()) << server_->result().error().message;
    }
    std::string ask(const std::string &method, const std::string &target) {
        return RawClient::exchange(path_, plain_request(method, target));
    }
    static bool within_limit(const std::function<bool()> &condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!condition() && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return condition();
    }
    void expect_alive() { EXPECT_EQ(code_of(ask("GET", "/v1/status")), 200); }

    TemporaryDirectory directory_;
    std::string path_ = directory_.file("run/api.sock"); // its directory is made by the server
    std::unique_ptr<RunningServer> server_;
};

TEST_F(ServerTest, EveryLaggSaysWhyItsPortsAreIdle) {
    Handlers handlers = plain_handlers();
    handlers.status = [] {
        Status status = two_laggs();
        status.laggs[1].protocol = Protocol::LACP;
        status.laggs[1].ports.resize(1);
        status.laggs[1].ports[0].name = "p0";
        status.laggs[1].ports[0].state = PortState::RUNNING;
        return status;
    };
    start(std::move(handlers));
    const json laggs = body_of(ask("GET", "/v1/laggs"));
    for (const json &lagg : {laggs.at(1), body_of(ask("GET", "/v1/laggs/lagg1")),
                             body_of(ask("GET", "/v1/status")).at("laggs").at(1)}) {
        EXPECT_EQ(lagg.at("warnings"), json::array({"p0: link down"}));
        const json &why = lagg.at("ports").at(0).at("why");
        EXPECT_EQ(why.at("finding"), "link_down");
        EXPECT_EQ(why.at("carries"), false);
        EXPECT_EQ(why.at("steps").back().at("check"), "link");
        EXPECT_NE(why.at("advice").get<std::string>().find("cable"), std::string::npos);
    }
}

TEST_F(ServerTest, ServesStatusLaggsAndOneLagg) {
    start();
    const std::string status = ask("GET", "/v1/status");
    EXPECT_EQ(code_of(status), 200);
    EXPECT_NE(status.find("Content-Type: application/json"), std::string::npos);
    EXPECT_EQ(body_of(status).at("version"), "1.2.3");
    EXPECT_EQ(body_of(ask("GET", "/v1/laggs")).size(), 2u);
    EXPECT_EQ(body_of(ask("GET", "/v1/laggs/lagg1")).at("name"), "lagg1");
    EXPECT_EQ(body_of(ask("GET", "/v1/laggs/lagg%31?x=y")).at("name"), "lagg1");
}

TEST_F(ServerTest, AnUnknownLaggIs404WithTheNearestName) {
    start();
    const std::string answer = ask("GET", "/v1/laggs/lgag1");
    EXPECT_EQ(code_of(answer), 404);
    EXPECT_EQ(body_of(answer).at("error").at("message"), "there is no lagg \"lgag1\"");
    EXPECT_EQ(body_of(answer).at("error").at("nearest"), "lagg1");
    EXPECT_FALSE(body_of(ask("GET", "/v1/laggs/bridge")).at("error").contains("nearest"));
}

TEST_F(ServerTest, AnUnknownPathIs404WithTheNearestPath) {
    start();
    const std::string answer = ask("GET", "/v1/lags");
    EXPECT_EQ(code_of(answer), 404);
    EXPECT_EQ(body_of(answer).at("error").at("nearest"), "/v1/laggs");
    EXPECT_EQ(code_of(ask("GET", "/v1/laggs/")), 404);
}

TEST_F(ServerTest, AWrongMethodIs405AndSaysWhichIsRight) {
    start();
    const std::string get = ask("GET", "/v1/reload");
    EXPECT_EQ(code_of(get), 405);
    EXPECT_NE(get.find("Allow: POST\r\n"), std::string::npos);
    EXPECT_TRUE(body_of(get).at("error").contains("message"));
    for (const char *method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
        EXPECT_EQ(code_of(ask(method, "/v1/laggs/lagg0")), 405) << method;
}

TEST_F(ServerTest, HeadTellsTheLengthAndSendsNoBody) {
    start();
    const std::string whole = ask("GET", "/v1/laggs");
    const std::string length =
        "Content-Length: " + std::to_string(whole.size() - whole.find("\r\n\r\n") - 4) + "\r\n";
    ASSERT_NE(whole.find(length), std::string::npos) << whole;
    // The answers to what follows stand where they belong.
    const std::string answers =
        RawClient::exchange(path_, "HEAD /v1/laggs HTTP/1.1\r\nHost: laggd\r\n\r\n"
                                   "HEAD /v1/laggs/x HTTP/1.1\r\nHost: laggd\r\n\r\n" +
                                       plain_request("GET", "/v1/status"));
    const size_t second = answers.find("HTTP/1.1 404");
    ASSERT_NE(second, std::string::npos) << answers;
    EXPECT_EQ(answers.substr(second - 4, 4), "\r\n\r\n");
    EXPECT_NE(answers.substr(0, second).find(length), std::string::npos) << answers;
    const size_t third = answers.find("HTTP/1.1 200", second);
    ASSERT_NE(third, std::string::npos) << answers;
    EXPECT_EQ(answers.substr(third - 4, 4), "\r\n\r\n");
    EXPECT_EQ(body_of(answers.substr(third)).at("version"), "1.2.3");
}

TEST_F(ServerTest, APortsHistoryIsServed) {
    std::vector<SwitchWish> wishes;
    start(handlers_of_ports(wishes));
    const std::string answer = ask("GET", "/v1/laggs/lagg1/ports/p%30/lacp");
    EXPECT_EQ(code_of(answer), 200);
    EXPECT_EQ(body_of(answer).at("lagg"), "lagg1");
    EXPECT_EQ(body_of(answer).at("port"), "p0");
    EXPECT_EQ(body_of(answer).at("transitions").size(), 1u);
    EXPECT_TRUE(body_of(answer).at("pdus").empty());
}

TEST_F(ServerTest, AnUnknownPortIs404WithTheNearestName) {
    std::vector<SwitchWish> wishes;
    start(handlers_of_ports(wishes));
    const std::string port = ask("GET", "/v1/laggs/lagg1/ports/q0/lacp");
    EXPECT_EQ(code_of(port), 404);
    EXPECT_EQ(body_of(port).at("error").at("message"), "lagg1 has no port \"q0\"");
    EXPECT_EQ(body_of(port).at("error").at("nearest"), "p0");
    const std::string lagg = ask("GET", "/v1/laggs/lagg7/ports/p0/lacp");
    EXPECT_EQ(code_of(lagg), 404);
    EXPECT_EQ(body_of(lagg).at("error").at("message"), "there is no lagg \"lagg7\"");
}

std::string post(const std::string &target, const std::string &body) {
    return "POST " + target + " HTTP/1.1\r\nHost: laggd\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_F(ServerTest, PortsAreSwitched) {
    std::vector<SwitchWish> wishes;
    start(handlers_of_ports(wishes));
    const std::string prefix = "/v1/laggs/lagg1/ports/p0/";
    for (const PortSwitch &row : kPortSwitches)
        for (const char *state : {"true", "false"}) {
            const std::string answer = RawClient::exchange(
                path_, post(prefix + row.word, std::string("{\"on\": ") + state + "}"));
            EXPECT_EQ(code_of(answer), 200) << answer;
            EXPECT_EQ(body_of(answer).at("message"), "done");
        }
    ASSERT_EQ(wishes.size(), 2 * std::size(kPortSwitches));
    for (size_t i = 0; i < wishes.size(); ++i) {
        EXPECT_EQ(wishes[i].what, &kPortSwitches[i / 2]);
        EXPECT_EQ(wishes[i].on, i % 2 == 0);
        EXPECT_EQ(wishes[i].lagg + " " + wishes[i].port, "lagg1 p0");
    }
}

TEST_F(ServerTest, ASwitchThatIsRefusedIs409AndAnythingButOnOrOffIs400) {
    std::vector<SwitchWish> wishes;
    start(handlers_of_ports(wishes));
    const std::string refused =
        RawClient::exchange(path_, post("/v1/laggs/lagg1/ports/p1/drain", R"({"on": true})"));
    EXPECT_EQ(code_of(refused), 409);
    EXPECT_EQ(body_of(refused).at("error").at("message"), "p1 is not open");
    wishes.clear();
    for (const char *body :
         {"", "true", "[]", "{}", R"({"on": 1})", R"({"on": "true"})", "{\"on\""}) {
        const std::string answer =
            RawClient::exchange(path_, post("/v1/laggs/lagg1/ports/p0/drain", body));
        EXPECT_EQ(code_of(answer), 400) << body;
        EXPECT_TRUE(body_of(answer).at("error").contains("message"));
    }
    EXPECT_EQ(code_of(ask("GET", "/v1/laggs/lagg1/ports/p0/drain")), 405);
    EXPECT_EQ(code_of(ask("POST", "/v1/laggs/lagg1/ports/p0/lacp")), 405);
    EXPECT_TRUE(wishes.empty());
}

TEST_F(ServerTest, AFlowIsAskedAbout) {
    Handlers handlers = plain_handlers();
    handlers.where_goes = [](const std::string &lagg,
                             const FlowQuestion &flow) -> Result<FlowAnswer> {
        if (flow.vlan) return Error{"'vlan' is too much"};
        FlowAnswer answer;
        answer.lagg = lagg;
        answer.how = flow.src.value_or("-") + " " + flow.sport.value_or("-") + " " +
                     flow.dport.value_or("-");
        return answer;
    };
    start(std::move(handlers));
    const auto asked = [&](const std::string &body) {
        return RawClient::exchange(path_, post("/v1/laggs/lagg1/hash", body));
    };
    const std::string answer = asked(R"({"src": "a", "sport": 443, "dport": "80", "dst": null})");
    EXPECT_EQ(code_of(answer), 200) << answer;
    EXPECT_EQ(body_of(answer).at("lagg"), "lagg1");
    EXPECT_EQ(body_of(answer).at("how"), "a 443 80");
    const std::string refused = asked(R"({"vlan": 1})");
    EXPECT_EQ(code_of(refused), 400);
    EXPECT_EQ(body_of(refused).at("error").at("message"), "'vlan' is too much");
    EXPECT_EQ(body_of(asked(R"({"srcc": "a"})")).at("error").at("message"),
              "a flow has no \"srcc\"; did you mean src?");
    for (const char *body : {"", "[]", "{\"src\"", R"({"sport": -1})", R"({"sport": 1.5})",
                             R"({"src": true})", R"({"src": []})", R"({"colour": 1})"})
        EXPECT_EQ(code_of(asked(body)), 400) << body;
    EXPECT_EQ(code_of(ask("GET", "/v1/laggs/lagg1/hash")), 405);
    EXPECT_EQ(code_of(RawClient::exchange(path_, post("/v1/laggs/lagg7/hash", "{}"))), 404);
}

TEST_F(ServerTest, AMalformedPathIs400) {
    start();
    const std::string answer = ask("GET", "/v1/laggs/lagg%00");
    EXPECT_EQ(code_of(answer), 400);
    EXPECT_TRUE(body_of(answer).at("error").contains("message"));
}

TEST_F(ServerTest, AStringThatIsNotUtf8IsStillJson) {
    start({[] {
               Status status = two_laggs();
               status.laggs[0].description = "caf\xe9";
               return status;
           },
           [](const Done &) {}});
    EXPECT_EQ(body_of(ask("GET", "/v1/laggs/lagg0")).at("description"), "caf\xef\xbf\xbd");
}

TEST_F(ServerTest, AReloadAnswersWhenAnotherThreadIsDone) {
    std::thread worker;
    start(handlers_with([&](Done done) {
        worker = std::thread([done = std::move(done)] { done(std::string("2 changes")); });
    }));
    const std::string answer = ask("POST", "/v1/reload");
    worker.join();
    EXPECT_EQ(code_of(answer), 200);
    EXPECT_EQ(body_of(answer).at("message"), "2 changes");
}

TEST_F(ServerTest, ARefusedReloadIs422) {
    start(handlers_with([](const Done &done) { done(Error{"lagg.toml:3:1: no"}); }));
    const std::string answer = ask("POST", "/v1/reload");
    EXPECT_EQ(code_of(answer), 422);
    EXPECT_EQ(body_of(answer).at("error").at("message"), "lagg.toml:3:1: no");
}

TEST_F(ServerTest, AForgottenReloadIsAnsweredAllTheSame) {
    start(handlers_with([](const Done &) {}));
    EXPECT_EQ(code_of(ask("POST", "/v1/reload")), 422);
}

TEST_F(ServerTest, AReloadHoldsUpNobodyAndSurvivesItsClient) {
    std::promise<Done> asked;
    start(handlers_with([&](Done done) { asked.set_value(std::move(done)); }));
    auto client = std::make_unique<RawClient>(path_);
    client->send(plain_request("POST", "/v1/reload"));
    const Done done = asked.get_future().get();
    expect_alive();
    client.reset();
    done(std::string("too late"));
    expect_alive();
}

TEST_F(ServerTest, AReloadMayEndAfterTheServer) {
    std::promise<Done> asked;
    start(handlers_with([&](Done done) { asked.set_value(std::move(done)); }));
    RawClient client(path_);
    client.send(plain_request("POST", "/v1/reload"));
    const Done done = asked.get_future().get();
    server_.reset();
    done(std::string("nobody is listening"));
    bool closed = false;
    EXPECT_EQ(client.read_to_end(closed), "");
    EXPECT_TRUE(closed);
}

TEST_F(ServerTest, TheSocketIsForItsGroupAndGoesWithTheServer) {
    start();
    struct stat file {};
    ASSERT_EQ(stat(path_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0660u);
    if (const group *entry = getgrnam("lagg"); entry && geteuid() == 0) {
        EXPECT_EQ(file.st_gid, entry->gr_gid);
    }
    server_.reset();
    EXPECT_NE(stat(path_.c_str(), &file), 0);
}

TEST_F(ServerTest, AStaleSocketIsReplaced) {
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
    ASSERT_EQ(listen(dead, 1), 0);
    close(dead);
    ASSERT_TRUE(std::filesystem::exists(path_));
    start();
    expect_alive();
}

TEST_F(ServerTest, ALiveSocketIsAnErrorThatNamesThePid) {
    start();
    const RunningServer second(path_, plain_handlers());
    ASSERT_FALSE(second.result());
    EXPECT_NE(second.result().error().message.find("(pid " + std::to_string(getpid()) + ")"),
              std::string::npos)
        << second.result().error().message;
    expect_alive();
}

TEST_F(ServerTest, ASuccessorsSocketIsNotRemoved) {
    start();
    std::filesystem::remove(path_);
    RunningServer successor(path_, plain_handlers());
    ASSERT_TRUE(successor.result());
    server_.reset();
    expect_alive();
}

TEST_F(ServerTest, AnswersAgainWhenItsDirectoryWasRemoved) {
    const std::string directory = directory_.file("below");
    path_ = directory + "/api.sock";
    std::atomic<unsigned> notes = 0;
    Handlers handlers = plain_handlers();
    handlers.note = [&](const std::string &text) {
        EXPECT_NE(text.find(path_), std::string::npos) << text;
        ++notes;
    };
    start(std::move(handlers));
    for (const bool whole : {false, true}) {
        std::filesystem::remove_all(whole ? directory : path_);
        // The file is there a moment before anybody listens on it.
        EXPECT_TRUE(within_limit([&] { return code_of(ask("GET", "/v1/status")) == 200; }));
    }
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_EQ(notes, 2u);
}

TEST_F(ServerTest, SaysOnceThatAnotherFileIsInItsSocketsPlace) {
    std::atomic<unsigned> notes = 0;
    Handlers handlers = plain_handlers();
    handlers.note = [&](const std::string &text) {
        EXPECT_NE(text.find(notes == 0 ? "do not find this daemon" : "made again"),
                  std::string::npos)
            << text;
        ++notes;
    };
    start(std::move(handlers));
    std::filesystem::remove(path_);
    std::ofstream(path_) << "no socket";
    ASSERT_TRUE(within_limit([&] { return notes != 0; }));
    std::filesystem::remove(path_);
    ASSERT_TRUE(within_limit([&] { return notes == 2; })) << "made again when there is room";
    expect_alive();
}

TEST_F(ServerTest, AnotherFileInItsPlaceIsLeftAlone) {
    path_ = directory_.file("notes");
    std::ofstream(path_) << "keep me";
    const RunningServer server(path_, plain_handlers());
    ASSERT_FALSE(server.result());
    EXPECT_NE(server.result().error().message.find("not a socket"), std::string::npos);
    EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_F(ServerTest, APathTooLongForASocketIsAnError) {
    const RunningServer server(directory_.file(std::string(120, 'x')), plain_handlers());
    ASSERT_FALSE(server.result());
    EXPECT_NE(server.result().error().message.find("1 to 107"), std::string::npos);
}

TEST_F(ServerTest, OversizedRequestsAreRefused) {
    start();
    const std::string long_header =
        "GET /v1/status HTTP/1.1\r\nHost: laggd\r\nX-Long: " + std::string(100000, 'x') +
        "\r\n\r\n";
    EXPECT_NE(code_of(RawClient::exchange(path_, long_header)), 200);
    const std::string long_body = "POST /v1/reload HTTP/1.1\r\nHost: laggd\r\nContent-Length: "
                                  "100000\r\n\r\n" +
                                  std::string(100000, 'x');
    EXPECT_NE(code_of(RawClient::exchange(path_, long_body)), 200);
    const std::string endless_line(100000, 'G');
    EXPECT_NE(code_of(RawClient::exchange(path_, endless_line)), 200);
    expect_alive();
}

TEST_F(ServerTest, GarbageIsRefused) {
    start();
    using std::string_literals::operator""s;
    for (const std::string &garbage :
         {"\r\n\r\n\r\n"s, "\0\1\2\3\n\n"s, "GET\r\n\r\n"s, "GET /v1/status HTTP/9.x\r\n\r\n"s,
          "FETCH /v1/status HTTP/1.1\r\n\r\n"s, "GET http://[ HTTP/1.1\r\n\r\n"s,
          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"s}) {
        RawClient client(path_);
        client.send(garbage);
        client.finish();
        bool closed = false;
        EXPECT_NE(code_of(client.read_to_end(closed)), 200);
        EXPECT_TRUE(closed);
    }
    expect_alive();
}

TEST_F(ServerTest, AClientThatSaysNothingIsDropped) {
    start(plain_handlers(), {.idle = std::chrono::milliseconds(100)});
    RawClient silent(path_);
    RawClient halfway(path_);
    halfway.send("GET /v1/sta");
    bool closed = false;
    silent.read_to_end(closed);
    EXPECT_TRUE(closed);
    halfway.read_to_end(closed);
    EXPECT_TRUE(closed);
    expect_alive();
}

TEST_F(ServerTest, ClientsThatDoNotReadTheirAnswerDoNoHarm) {
    start(handlers_with([](const Done &done) { done(std::string(1 << 20, 'x')); }));
    for (int i = 0; i < 20; ++i) {
        RawClient rude(path_);
        rude.send(plain_request("POST", "/v1/reload"));
    } // hangs up with a megabyte on its way: SIGPIPE would end this process
    expect_alive();
}

TEST_F(ServerTest, ServesFiftyClientsAtOnce) {
    start();
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 50; ++i)
        clients.push_back(std::make_unique<RawClient>(path_));
    for (const auto &client : clients)
        client->send(plain_request("GET", "/v1/laggs"));
    for (const auto &client : clients) {
        bool closed = false;
        const std::string answer = client->read_to_end(closed);
        EXPECT_EQ(code_of(answer), 200);
        EXPECT_EQ(body_of(answer).size(), 2u);
    }
}

class FullServerTest : public ServerTest {
  protected:
    static constexpr size_t kClients = 4;

    /// All places are taken by clients that keep them.
    void SetUp() override {
        start(plain_handlers(), {.idle = std::chrono::milliseconds(60000), .clients = kClients});
        for (size_t i = 0; i < kClients; ++i) {
            clients_.push_back(std::make_unique<RawClient>(path_));
            clients_.back()->send("GET /v1/status HTTP/1.1\r\n\r\n");
            ASSERT_TRUE(clients_.back()->readable(std::chrono::seconds(20))) << i;
        }
        ASSERT_EQ(count_connections(path_), kClients);
    }
    void expect_refused(const std::string &answer) {
        EXPECT_EQ(code_of(answer), 503) << answer;
        EXPECT_EQ(body_of(answer).at("error").at("message"),
                  "laggd serves 4 clients of its API at a time, and has as many; end one of them "
                  "or try again later");
    }

    std::vector<std::unique_ptr<RawClient>> clients_;
};

TEST_F(FullServerTest, TellsWhoeverComesThatThereIsNoPlace) {
    for (int i = 0; i < 50; ++i) {
        expect_refused(ask("GET", "/v1/status"));
        EXPECT_LE(count_connections(path_), kClients + Limits{}.refused);
    }
    expect_refused(RawClient::exchange(path_, post("/v1/reload", std::string(100000, 'x'))));
}

TEST_F(FullServerTest, ServesTheNextOneWhenAPlaceIsFree) {
    expect_refused(ask("GET", "/v1/status"));
    clients_.pop_back();
    EXPECT_TRUE(within_limit([&] { return code_of(ask("GET", "/v1/status")) == 200; }));
    clients_.push_back(std::make_unique<RawClient>(path_));
    clients_.back()->send("GET /v1/status HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(clients_.back()->readable(std::chrono::seconds(20)));
    EXPECT_TRUE(within_limit([&] { return code_of(ask("GET", "/v1/status")) == 503; }));
}

TEST_F(FullServerTest, ClientsThatDoNotListenTakeNoMoreDescriptorsAndNoPlace) {
    std::vector<std::unique_ptr<RawClient>> deaf;
    for (int i = 0; i < 6; ++i)
        deaf.push_back(std::make_unique<RawClient>(path_));
    size_t most = 0;
    // They are cut off two at a time.
    EXPECT_TRUE(within_limit([&] {
        most = std::max(most, count_connections(path_));
        return deaf.back()->readable(std::chrono::milliseconds(0));
    }));
    EXPECT_EQ(most, kClients + Limits{}.refused);
    expect_refused(ask("GET", "/v1/status"));
    EXPECT_TRUE(within_limit([&] { return count_connections(path_) == kClients; }));
    clients_.pop_back();
    EXPECT_TRUE(within_limit([&] { return code_of(ask("GET", "/v1/status")) == 200; }));
}

// The pause between the reads of such a client is shorter than the time it is given.
TEST_F(FullServerTest, AClientThatGoesOnAndOnIsCutOff) {
    RawClient endless(path_);
    EXPECT_TRUE(within_limit([&] {
        endless.send("x");
        return count_connections(path_) == kClients + 1;
    }));
    EXPECT_TRUE(within_limit([&] {
        endless.send("x");
        return count_connections(path_) == kClients;
    }));
}

TEST_F(FullServerTest, TellsOnANewSocketToo) {
    std::filesystem::remove(path_);
    std::string answer;
    EXPECT_TRUE(within_limit([&] {
        answer = ask("GET", "/v1/status");
        return code_of(answer) != 0;
    }));
    expect_refused(answer);
}

TEST_F(ServerTest, ComesBackAfterTheProcessRanOutOfDescriptors) {
    start();
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const int spare = socket(AF_UNIX, SOCK_STREAM, 0);
    rlimit none = before;
    none.rlim_cur = 3; // below what is open already: accepting fails from here on
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    RawClient client(path_, spare);
    // The first look at the connection fails, and only a later one can succeed.
    client.send(plain_request("GET", "/v1/status"));
    EXPECT_FALSE(client.readable(std::chrono::milliseconds(200)));
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    bool closed = false;
    EXPECT_EQ(code_of(client.read_to_end(closed)), 200);
}

} // namespace
} // namespace lagg::api
