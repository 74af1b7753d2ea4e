#include "dataplane/upper/upper.hh"

#include <rte_ethdev.h>

namespace lagg::upper {

uint16_t receive_from_device(const Endpoint &endpoint, uint16_t queue, rte_mbuf **frames,
                             uint16_t count) {
    return rte_eth_rx_burst(endpoint.id, queue, frames, count);
}

uint16_t send_to_device(const Endpoint &endpoint, uint16_t queue, rte_mbuf **frames,
                        uint16_t count) {
    return rte_eth_tx_burst(endpoint.id, queue, frames, count);
}

} // namespace lagg::upper
