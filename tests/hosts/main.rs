//! Two hosts: what holds on one machine has to hold where there is a cable between, that can be cut.
//!
//! The hosts are network namespaces of this machine. Making them takes root and Linux with iproute2; elsewhere nothing is
//! tested here, and a line on the standard error says so.

mod calls;
mod cuts;
mod itself;
mod logins;
mod names;
mod network;
mod news;
mod roles;
#[path = "../support/mod.rs"]
mod support;
