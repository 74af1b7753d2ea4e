// Every key of lagg.toml, by table. What is not here is not known to laggd; what is here is read,
// written, compared and described.
#pragma once

#include "control/config/config.hh"
#include "control/config/key.hh"

namespace lagg::config {

/// The document's outermost table.
const Keys<Config> &config_keys();

const Keys<Daemon> &daemon_keys();
const Keys<Port> &port_keys();
const Keys<PortLacp> &port_lacp_keys();
const Keys<Lagg> &lagg_keys();
const Keys<Lacp> &lacp_keys();
const Keys<PartnerAdmin> &partner_keys();

// Keys of [[lagg]] that fill a file each.
Key<Lagg> hash_key();
Key<Lagg> rules_key();
Key<Lagg> upper_key();

} // namespace lagg::config
