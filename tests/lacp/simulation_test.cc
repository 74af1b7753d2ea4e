// Seeded random life of three Systems: links come and go, frames are lost, parameters change, ports
// leave and return, ends restart. The harness checks the promises after every step; when the
// disturbance ends, the Systems must agree again.
#include "tests/lacp/pair_harness.hh"

#include <random>

namespace lagg::lacp {
namespace {

using End = Network::End;

class Simulation {
  public:
    explicit Simulation(uint64_t seed) : random_(seed) {
        for (const uint8_t octet : {1, 2, 3}) {
            SystemParameters parameters = system_parameters(octet);
            parameters.aggregator_choice = static_cast<AggregatorChoice>(pick(3));
            parameters.coupled_control = pick(2) == 0;
            if (pick(3) == 0) parameters.max_links = static_cast<uint16_t>(1 + pick(3));
            network_.add_system(parameters);
            parameters_.push_back(parameters);
        }
        for (PortNumber i = 1; i <= 4; ++i)
            join({0, i}, {1, i});
        for (PortNumber i = 5; i <= 6; ++i)
            join({0, i}, {2, i});
    }

    void disturb(int steps) {
        for (int i = 0; i < steps; ++i) {
            disturb_once();
            network_.run(milliseconds(pick(2500)));
        }
    }

    void expect_agreement() {
        for (const End end : ends_) {
            network_.set_loss(end, false);
            network_.step(end.system, PortReturning{end.port});
            network_.step(end.system, PortParametersChanged{end.port, {}});
            if (end.system == 0) network_.set_link(end, true);
        }
        network_.run(300000ms);
        size_t carrying = 0;
        for (const End end : ends_) {
            if (end.system != 0) continue;
            carrying += network_.both_distributing(end) ? 1 : 0;
            EXPECT_LE(network_.distributing(end), network_.port(end).partner.state.collecting);
        }
        EXPECT_GE(carrying, 1U);
        for (size_t i = 0; i < 3; ++i)
            network_.recorder(i).actions.clear();
        network_.run(300000ms);
        for (size_t i = 0; i < 3; ++i) {
            EXPECT_TRUE(network_.recorder(i).all<PortMembership>().empty()) << "still moving";
        }
    }

  private:
    size_t pick(size_t count) { return random_() % count; }

    void join(End a, End b) {
        network_.connect(a, b, some_parameters(), some_parameters(), pick(2) ? 1000 : 10000);
        ends_.push_back(a);
        ends_.push_back(b);
    }
    PortParameters some_parameters() {
        PortParameters parameters;
        parameters.short_timeout = pick(2) == 0;
        parameters.active = pick(4) != 0;
        parameters.aggregatable = pick(8) != 0;
        parameters.lacp_enabled = pick(16) != 0;
        parameters.key = static_cast<Key>(1 + pick(8) / 7);
        if (pick(4) == 0) parameters.partner_admin.state = state_from_octet(0x3c);
        return parameters;
    }
    void disturb_once() {
        const End end = ends_[pick(ends_.size())];
        switch (pick(9)) {
        case 0: return network_.set_link(end, false);
        case 1: return network_.set_link(end, true);
        case 2: return network_.set_loss(end, true);
        case 3: return network_.set_loss(end, false);
        case 4:
            return network_.step(end.system, PortParametersChanged{end.port, some_parameters()});
        case 5: return network_.step(end.system, PortLeaving{end.port});
        case 6: return network_.step(end.system, PortReturning{end.port});
        case 7:
            parameters_[end.system].coupled_control = pick(2) == 0;
            parameters_[end.system].max_links = static_cast<uint16_t>(pick(4));
            return network_.step(end.system, SystemParametersChanged{parameters_[end.system]});
        case 8: return network_.restart(end.system, parameters_[end.system], some_parameters());
        }
    }

    std::mt19937_64 random_;
    Network network_;
    std::vector<End> ends_;
    std::vector<SystemParameters> parameters_;
};

TEST(Simulation, KeepsItsPromisesAndAgreesAgain) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Simulation simulation(seed);
        simulation.disturb(200);
        simulation.expect_agreement();
        if (testing::Test::HasFailure()) break;
    }
}

} // namespace
} // namespace lagg::lacp
