// Devices made of rings in which frames go round by themselves: what an engine sends to the members
// is what it receives next from the upper device, and the other way round. Nobody has to make
// frames or take them away, so one core is all a measurement needs, and the ways of two engines
// differ in nothing but the engine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct rte_mempool;
struct rte_ring;

namespace lagg::bench {

/// The rings of one device, one of each for every queue.
struct DeviceRings {
    std::vector<rte_ring *> receive;
    std::vector<rte_ring *> send;
};

/// The rings of an engine's devices.
struct EngineRings {
    DeviceRings upper;
    std::vector<DeviceRings> members;
};

/// The rings of both directions, one of each for every queue.
class RingCircuit {
  public:
    /// Each ring holds `frames` frames, once filled. Exits with a sentence when there is no memory.
    RingCircuit(unsigned queues, unsigned frames);
    /// Frees what is left in the rings. The devices must be gone.
    ~RingCircuit();
    RingCircuit(const RingCircuit &) = delete;
    RingCircuit &operator=(const RingCircuit &) = delete;

    /// Puts frames of as many flows into every ring of a direction, each ring in one go: an engine
    /// that runs already can send into a ring only after it received from it, so that the ring has
    /// one producer at any time.
    void fill(bool down, bool up, rte_mempool *pool);
    /// Takes all frames out and frees them. False when some are missing: the engine dropped them.
    bool drain();

    const std::vector<rte_ring *> &down() const { return down_; }
    const std::vector<rte_ring *> &up() const { return up_; }
    unsigned frames() const { return frames_; }
    /// All members have the same rings: what goes into any of them comes out of the upper device.
    EngineRings of_engine(unsigned members) const {
        return {{down_, up_}, std::vector<DeviceRings>(members, {up_, down_})};
    }

  private:
    unsigned frames_;
    size_t filled_ = 0;
    std::vector<rte_ring *> down_; ///< from the upper device to the members
    std::vector<rte_ring *> up_;
};

/// An Ethernet device over rings, as DPDK makes it: it is neither configured nor started.
class RingDevice {
  public:
    RingDevice(const std::string &name, const DeviceRings &rings);
    ~RingDevice();
    RingDevice(const RingDevice &) = delete;
    RingDevice &operator=(const RingDevice &) = delete;

    /// Name that DPDK has for it.
    const std::string &name() const { return name_; }
    uint16_t id() const { return id_; }

  private:
    std::string name_;
    uint16_t id_;
};

/// Ends the program with one sentence.
[[noreturn]] void give_up(const std::string &why);

} // namespace lagg::bench
