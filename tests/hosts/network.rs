//! Two hosts and the cable between them.

use std::io::{Write, stderr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, id};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::support::{Process, Role, within};

const LIMIT: Duration = Duration::from_secs(90);

/// What all names begin with; the id of the test's process follows, by which the next run knows what was left behind.
const PREFIX: &str = "zmqrpc-";
const CABLE: &str = "cable";

/// Addresses of the server's host and of the client's.
pub(crate) const SERVER: [&str; 2] = ["10.213.0.1", "fd21:3::1"];
pub(crate) const CLIENT: [&str; 2] = ["10.213.0.2", "fd21:3::2"];

/// Runs a test's body with two hosts, which are gone when this returns, be it by a panic or for want of time. Where the
/// machine forbids hosts it says so and returns.
pub(crate) fn between_hosts(body: impl FnOnce(&Network) + Send + 'static) {
    let network = Network::named();
    let _removal = Removal(network.clone());
    match network.make() {
        Ok(()) => within(LIMIT, move || body(&network)),
        Err(why) => say_not_run(&why),
    }
}

/// Once, and past the harness, which hides what tests print.
pub(crate) fn say_not_run(why: &str) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = writeln!(stderr(), "two hosts: NOT RUN, {why}");
    });
}

/// The hosts' names.
#[derive(Clone)]
pub(crate) struct Network {
    server: String,
    client: String,
}

impl Network {
    fn named() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |host| format!("{PREFIX}{}-{number}-{host}", id());
        Self {
            server: name("server"),
            client: name("client"),
        }
    }

    fn make(&self) -> Result<(), String> {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(sweep);
        let (server, client) = (&*self.server, &*self.client);
        ip(&["netns", "add", server])?;
        ip(&["netns", "add", client])?;
        // Made within, since the names of links are the machine's.
        let peer = ["type", "veth", "peer", "name", CABLE, "netns", client];
        ip(&[&["-n", server, "link", "add", CABLE], &peer[..]].concat())?;
        for (host, [ip4, ip6]) in [(server, SERVER), (client, CLIENT)] {
            let ip4 = format!("{ip4}/24");
            ip(&["-n", host, "addr", "add", &ip4, "dev", CABLE])?;
            // Without the second in which IPv6 looks whether the address is taken.
            let ip6 = format!("{ip6}/64");
            ip(&["-n", host, "addr", "add", &ip6, "dev", CABLE, "nodad"])?;
            ip(&["-n", host, "link", "set", CABLE, "up"])?;
        }
        Ok(())
    }

    /// Starts a role at the server's host.
    pub(crate) fn at_server(&self, role: &str, argument: &str) -> Process {
        start(&self.server, role, argument)
    }

    /// Starts a role at the client's host.
    pub(crate) fn at_client(&self, role: &str, argument: &str) -> Process {
        start(&self.client, role, argument)
    }

    /// Neither host is told: the link goes down at the server's end, and connections stay as they were.
    pub(crate) fn cut(&self) {
        ip(&["-n", &self.server, "link", "set", CABLE, "down"]).unwrap();
    }

    /// The server's host says nothing to the client's any more, as if a firewall in between took it away.
    pub(crate) fn swallow(&self) {
        ip(&["-n", &self.server, "route", "add", "blackhole", CLIENT[0]]).unwrap();
    }

    /// Undoes both.
    pub(crate) fn mend(&self) {
        // Not there, where the cable was cut.
        let _ = ip(&["-n", &self.server, "route", "del", "blackhole", CLIENT[0]]);
        ip(&["-n", &self.server, "link", "set", CABLE, "up"]).unwrap();
    }

    fn exists(&self) -> bool {
        namespaces().contains(&self.server)
    }
}

fn start(host: &str, role: &str, argument: &str) -> Process {
    Process::start_through(&["ip", "netns", "exec", host], role, argument)
}

struct Removal(Network);

impl Drop for Removal {
    fn drop(&mut self) {
        for host in [&self.0.server, &self.0.client] {
            // Not there, if it could not be made.
            let _ = ip(&["netns", "del", host]);
        }
    }
}

/// Runs `ip`; the error is what it says.
fn ip(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("ip").args(arguments).output();
    let output = output.map_err(|error| format!("`ip` (iproute2) does not start: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().replace('\n', " ");
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let arguments = arguments.join(" ");
    Err(format!("`ip {arguments}`: {}", text(&output.stderr)))
}

fn namespaces() -> Vec<String> {
    let list = ip(&["netns", "list"]).unwrap_or_default();
    let names = list.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

/// Removes hosts of runs that were killed.
fn sweep() {
    for name in namespaces() {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let id = rest.split('-').next().unwrap_or_default();
        if id.parse::<u32>().is_ok() && !Path::new("/proc").join(id).exists() {
            // Another run may be at it, too.
            let _ = ip(&["netns", "del", &name]);
        }
    }
}

#[test]
fn killed_process() {
    let Some(role) = Role::of("network::killed_process") else {
        return;
    };
    let network = Network::named();
    network.make().unwrap();
    role.tell(&network.server);
    role.order();
}

#[test]
fn hosts_are_gone_after_a_panic() {
    let (tell, told) = std::sync::mpsc::channel();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        between_hosts(move |network| {
            assert!(network.exists());
            tell.send(network.clone()).unwrap();
            panic!("as a failing test does");
        });
    }));
    let Ok(network) = told.recv() else {
        return;
    };
    assert!(ended.is_err());
    assert!(!network.exists());
}

#[test]
fn what_a_killed_run_left_behind_is_removed_by_the_next() {
    between_hosts(|_| {
        let mut killed = Process::start("network::killed_process", "");
        let host = killed.hear();
        assert!(namespaces().contains(&host));
        sweep();
        assert!(namespaces().contains(&host), "it is in use");
        killed.kill();
        sweep();
        assert!(!namespaces().contains(&host));
    });
}
