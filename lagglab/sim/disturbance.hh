// Faults of a simulation: one after another, each drawn from odds that a seed has
// drawn before, so that some runs are all of one kind and others a bit of everything.
#pragma once

#include "lagglab/sim/world.hh"

#include <array>

namespace lagg::sim {

class Disturbance {
  public:
    explicit Disturbance(World &world);

    /// Systems, ports and cables of the seed.
    void build();
    void disturb_once();
    /// Everything that was done to the network is taken back; parameters stay.
    void heal();

  private:
    using Action = void (Disturbance::*)();
    struct Kind {
        const char *name;
        Action act;
    };
    static const std::array<Kind, 24> kKinds;

    lacp::SystemParameters some_system(size_t node);
    lacp::PortParameters some_port();
    size_t some_node() { return world_.random.below(world_.nodes.size()); }
    size_t some_cable() { return world_.random.below(world_.cables.size()); }
    /// A port that is there, cabled or not; nothing when none was found quickly.
    std::optional<End> some_end();
    std::optional<End> some_free_end();
    lacp::Duration up_to(milliseconds most) { return world_.random.time(most); }

    void carrier_down();
    void carrier_up();
    void cut_one_way();
    void silence();
    void lose();
    void delay();
    void clear_path();
    void change_link();
    void move_cable();
    void loop_port();
    void loop_system();
    void mirror();
    void forge();
    void garbage();
    void leave();
    void come_back();
    void remove();
    void add();
    void change_port();
    void change_system();
    void restart();
    void jump();
    void stall();
    void ask_marker();

    World &world_;
    std::array<unsigned, 24> odds_{};
    unsigned all_odds_ = 0;
    bool plain_parameters_ = false;
};

} // namespace lagg::sim
