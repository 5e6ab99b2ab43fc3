//! Three servers and twenty clients become a later version, one process after the other and in both orders, while all of
//! them call: no error, and nothing is lost.

mod buyer;
mod shop;
mod versions;

use std::time::Duration;

use zmqrpc::proxy::{Proxy, ProxyHandle, Rep, Req};

use self::buyer::{Buyer, Streets};
use self::shop::{Got, Places, Shop};
use self::versions::Version;
use super::support::{Hub, alone, await_state, ipc};

const LIMIT: Duration = Duration::from_secs(240);
const SHOPS: usize = 3;
const BUYERS: usize = 20;
/// How many events, jobs and notifications each buyer sends at a time.
const BURST: usize = 5;

#[test]
fn shop_process() {
    shop::role();
}

#[test]
fn buyer_process() {
    buyer::role();
}

#[test]
fn an_upgrade_of_servers_and_then_of_clients_loses_nothing() {
    upgrade("direct", Way::direct, SHOPS_FIRST);
}

#[test]
fn an_upgrade_of_clients_and_then_of_servers_loses_nothing() {
    upgrade("direct-clients", Way::direct, BUYERS_FIRST);
}

#[test]
fn an_upgrade_of_servers_and_then_of_clients_behind_a_proxy_loses_nothing() {
    upgrade("proxy", Way::proxy, SHOPS_FIRST);
}

#[test]
fn an_upgrade_of_clients_and_then_of_servers_behind_a_proxy_loses_nothing() {
    upgrade("proxy-clients", Way::proxy, BUYERS_FIRST);
}

#[test]
fn an_upgrade_of_servers_and_then_of_clients_behind_a_hub_loses_nothing() {
    upgrade("hub", Way::hub, SHOPS_FIRST);
}

#[test]
fn an_upgrade_of_clients_and_then_of_servers_behind_a_hub_loses_nothing() {
    upgrade("hub-clients", Way::hub, BUYERS_FIRST);
}

/// Who is replaced first, and who then.
type Order = [fn(&mut Town); 2];

const SHOPS_FIRST: Order = [Town::replace_shops, Town::replace_buyers];
const BUYERS_FIRST: Order = [Town::replace_buyers, Town::replace_shops];

fn upgrade(name: &'static str, way: impl FnOnce(&[Places]) -> Way + Send + 'static, order: Order) {
    alone(LIMIT, move || {
        let places: Vec<_> = (0..SHOPS).map(|shop| places(name, shop)).collect();
        let way = way(&places);
        let mut town = Town::open(places, &way);
        for replace in order {
            replace(&mut town);
        }
        town.close();
    });
}

fn places(name: &str, shop: usize) -> Places {
    let place = |what: &str| ipc(&format!("{name}-{what}-{shop}"));
    Places {
        calls: place("calls"),
        news: place("news"),
        jobs: place("jobs"),
    }
}

/// How calls reach the servers.
struct Way {
    /// Where clients connect to.
    fronts: Vec<String>,
    _proxy: Option<ProxyHandle>,
    /// It does not know that a server ends, so what it passes on to it then is lost.
    hub: Option<Hub>,
}

impl Way {
    fn direct(places: &[Places]) -> Self {
        Self {
            fronts: places.iter().map(|shop| shop.calls.clone()).collect(),
            _proxy: None,
            hub: None,
        }
    }

    fn proxy(places: &[Places]) -> Self {
        let targets = places.iter();
        let targets = targets.fold(Req::new(), |targets, shop| targets.connect(&shop.calls));
        let proxy = Proxy::new(Rep::new().bind("tcp://127.0.0.1:*"), targets);
        let proxy = proxy.start().unwrap();
        Self {
            fronts: proxy.endpoints(),
            _proxy: Some(proxy),
            hub: None,
        }
    }

    fn hub(places: &[Places]) -> Self {
        let calls: Vec<_> = places.iter().map(|shop| shop.calls.as_str()).collect();
        let hub = Hub::to(&calls);
        Self {
            fronts: vec![hub.front.clone()],
            _proxy: None,
            hub: Some(hub),
        }
    }
}

/// All processes.
struct Town {
    places: Vec<Places>,
    streets: Streets,
    shops: Vec<Shop>,
    buyers: Vec<Buyer>,
    /// What shops have got that are closed.
    closed: Got,
    /// How many events, jobs and notifications were sent.
    sent: usize,
    calls: usize,
    /// Nobody calls while a shop is replaced.
    pauses: bool,
}

impl Town {
    fn open(places: Vec<Places>, way: &Way) -> Self {
        let list = |place: fn(&Places) -> &str| {
            let places: Vec<_> = places.iter().map(place).collect();
            places.join(",")
        };
        let streets = Streets {
            calls: way.fronts.join(","),
            news: list(|shop| &shop.news),
            jobs: list(|shop| &shop.jobs),
        };
        let shops = places.iter().map(|shop| Shop::start(Version::Old, shop));
        let shops = shops.collect();
        let buyers: Vec<_> = (0..BUYERS)
            .map(|_| Buyer::start(Version::Old, &streets))
            .collect();
        buyers.iter().for_each(Buyer::await_call);
        let mut town = Self {
            places,
            streets,
            shops,
            buyers,
            closed: Got::default(),
            sent: 0,
            calls: 0,
            pauses: way.hub.is_some(),
        };
        town.send();
        town
    }

    fn replace_shops(&mut self) {
        for number in 0..SHOPS {
            if self.pauses {
                self.buyers.iter().for_each(Buyer::pause);
                self.buyers.iter().for_each(Buyer::await_pause);
            }
            self.close_shop(number);
            self.buyers.iter().for_each(Buyer::miss);
            self.buyers.iter().for_each(Buyer::await_missed);
            self.shops[number] = Shop::start(Version::New, &self.places[number]);
            if self.pauses {
                self.buyers.iter().for_each(Buyer::resume);
            }
            self.send();
        }
    }

    fn replace_buyers(&mut self) {
        for number in 0..BUYERS {
            self.calls += self.buyers[number].leave();
            self.buyers[number] = Buyer::start(Version::New, &self.streets);
            self.buyers[number].await_call();
            if number % 7 == 0 {
                self.send();
            }
        }
        self.send();
    }

    /// Sends what has no reply from everywhere, and waits until all of it has arrived: an event everywhere, a job and a
    /// notification somewhere.
    fn send(&mut self) {
        self.buyers.iter().for_each(Buyer::send);
        self.buyers.iter().for_each(Buyer::await_sent);
        self.sent += BUYERS * BURST;
        let sent = self.sent;
        await_state("all has arrived", || {
            let got = self.got();
            (got.events, got.jobs, got.notifications) == (SHOPS * sent, sent, sent)
        });
    }

    fn got(&self) -> Got {
        let shops = self.shops.iter().map(Shop::got);
        shops.fold(self.closed.clone(), |sum, got| sum.and(&got))
    }

    fn close_shop(&mut self, number: usize) {
        let got = self.shops[number].close();
        self.closed = self.closed.clone().and(&got);
    }

    fn close(mut self) {
        for buyer in &mut self.buyers {
            self.calls += buyer.leave();
        }
        for number in 0..SHOPS {
            self.close_shop(number);
        }
        let Self {
            calls,
            closed,
            sent,
            ..
        } = &self;
        eprintln!("{calls} calls, {sent} events, jobs and notifications each, {closed:?}");
        assert!(*calls > 1_000, "{calls}");
        assert_eq!(
            (closed.events, closed.jobs, closed.notifications),
            (SHOPS * sent, *sent, *sent),
            "nothing arrives twice"
        );
    }
}

impl Got {
    fn and(self, other: &Self) -> Self {
        Self {
            events: self.events + other.events,
            jobs: self.jobs + other.jobs,
            notifications: self.notifications + other.notifications,
            refused: self.refused + other.refused,
        }
    }
}
