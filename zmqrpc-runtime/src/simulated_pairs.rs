//! Clients and proxies with servers, in simulated time.

use crate::client::simulation::SimulatedClient;
#[cfg(feature = "proxy")]
use crate::proxy::SimulatedProxy;
use crate::server::simulation::SimulatedServer;
use crate::simulation::{meet, meet_broken_at_each_step, meet_orderly};

#[test]
fn every_call_of_a_client_to_a_server_ends_once_and_never_lies() {
    meet::<SimulatedServer, _>(2_000, 1, SimulatedClient::new);
}

#[cfg(feature = "proxy")]
#[test]
fn every_call_over_a_proxy_to_servers_ends_once_and_never_lies() {
    meet::<SimulatedServer, _>(2_000, 3, SimulatedProxy::new);
}

#[test]
fn a_server_may_be_lost_at_any_step() {
    meet_broken_at_each_step::<SimulatedServer, _>(10, 1, SimulatedClient::new);
    #[cfg(feature = "proxy")]
    meet_broken_at_each_step::<SimulatedServer, _>(5, 2, SimulatedProxy::new);
}

#[test]
fn an_orderly_end_of_a_server_costs_no_call() {
    meet_orderly::<SimulatedServer, _>(1_000, 1, SimulatedClient::new);
    #[cfg(feature = "proxy")]
    meet_orderly::<SimulatedServer, _>(1_000, 3, SimulatedProxy::new);
}
