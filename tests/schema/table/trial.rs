//! A row, tried with a client of one version and a server of the other one.

use std::fmt::Debug;

use serde::Serialize;
use zmqrpc::schema::{self, Change, Description, Verdict};
use zmqrpc::{Error, Executed};

use super::Served;
use super::expected::{Expected, Failed, Part, Way};
use super::row::{Direction, Row, Version};

/// Collects what goes otherwise than a row says.
pub(super) struct Trial<'s> {
    service: &'static str,
    order: &'static str,
    /// Serves the version of the client.
    own: &'s Served,
    /// Serves the other version, and is called.
    server: &'s Served,
    deviations: Vec<String>,
}

/// An argument by its name.
#[derive(Serialize)]
struct Named<V> {
    value: V,
}

impl<'s> Trial<'s> {
    /// Tries a row in both orders; returns what goes otherwise than it says.
    pub(super) fn of_row<R: Row>(old: &'s Served, new: &'s Served) -> Vec<String> {
        let (forth, back) = (R::forth(), R::back());
        forth.assert_shows_its_verdicts(R::SERVICE);
        back.assert_shows_its_verdicts(R::SERVICE);
        let trial = |order, [own, server]: [&'s Served; 2]| Self {
            service: R::SERVICE,
            order,
            own,
            server,
            deviations: Vec::new(),
        };
        let mut upgraded = trial("old client, new server", [old, new]);
        upgraded.arguments::<R::Old, R::New>(&forth);
        upgraded.replies::<R::Old, R::New>(&back);
        let mut ahead = trial("new client, old server", [new, old]);
        ahead.arguments::<R::New, R::Old>(&back);
        ahead.replies::<R::New, R::Old>(&forth);
        [upgraded.deviations, ahead.deviations].concat()
    }

    /// The client writes values as arguments, the server reads them.
    fn arguments<C: Version, S: Version>(&mut self, direction: &Direction<C::Value, S::Value>) {
        let part = Part::Argument;
        self.judge::<C, S, _, _>(part, direction);
        let name = self.name_of(part);
        for (written, outcome) in &direction.samples {
            for way in Way::ALL {
                let client = &self.server.clients[way as usize];
                let expected = Expected::of(self.service, (way, part), direction, outcome);
                let Some(expected) = expected else {
                    continue;
                };
                let by_key = || C::show(client, written.clone());
                let in_order = || client.invoke(&name, &(written,));
                let named = || client.invoke(&name, &Named { value: written });
                let calls: [&dyn Fn() -> Result<String, Error>; 2] = match way {
                    // What is agreed upon at the first call is kept to at the second.
                    Way::Key => [&by_key, &by_key],
                    Way::MessagePack | Way::Json => [&in_order, &named],
                };
                for call in calls {
                    let (result, executed) = self.server.observe(call);
                    let deviation = expected.deviation(&result.map_err(Failed::Call), executed);
                    self.deviate((way, part), written, deviation);
                }
            }
        }
        self.strangers(direction);
    }

    /// Others than clients of either version write an argument by name that one version alone reads.
    fn strangers<W, R>(&mut self, direction: &Direction<W, R>) {
        let name = self.name_of(Part::Argument);
        for value in &direction.closed {
            for way in [Way::MessagePack, Way::Json] {
                let call = |served: &Served| {
                    let client = &served.clients[way as usize];
                    served.observe(|| client.invoke::<String>(&name, &(value,)))
                };
                let (own, other) = (call(self.own), call(self.server));
                let is_refused = match &other {
                    (Err(error @ Error::Decode { .. }), 0) => error.executed() == Executed::No,
                    _ => false,
                };
                if !is_refused || !matches!(own, (Ok(_), 1)) {
                    let ended = format!("{own:?} in its own version, and {other:?}");
                    self.deviate((way, Part::Argument), value, Some(ended));
                }
            }
        }
    }

    /// The server writes values as replies and errors, the client reads them.
    fn replies<C: Version, S: Version>(&mut self, direction: &Direction<S::Value, C::Value>) {
        for part in [Part::Reply, Part::Error] {
            self.judge::<C, S, _, _>(part, direction);
            let name = self.name_of(part);
            for (sample, (written, outcome)) in direction.samples.iter().enumerate() {
                for way in Way::ALL {
                    let client = &self.server.clients[way as usize];
                    let expected = Expected::of(self.service, (way, part), direction, outcome);
                    let Some(expected) = expected else {
                        continue;
                    };
                    let (result, executed) = self.server.observe(|| match (part, way) {
                        (Part::Error, Way::Key) => Failed::or_error(C::fail(client, sample)),
                        (Part::Error, _) => {
                            Failed::or_decoded_error::<C::Value>(client.invoke(&name, &(sample,)))
                        }
                        (_, Way::Key) => Failed::or_reply(C::give(client, sample)),
                        _ => Failed::or_reply(client.invoke::<C::Value>(&name, &(sample,))),
                    });
                    let deviation = expected.deviation(&result, executed);
                    self.deviate((way, part), written, deviation);
                }
            }
        }
    }

    /// Compares what the library says of a client of `C` at a server of `S` with what the row says.
    fn judge<C: Version, S: Version, W, R>(&mut self, part: Part, direction: &Direction<W, R>) {
        let only = |mut description: Description| {
            let methods = &mut description.services[0].methods;
            methods.retain(|method| method.name == part.method());
            description
        };
        let changes = schema::changes(&only(C::describe()), &only(S::describe()));
        let worst = |verdict: fn(&Change) -> Verdict| {
            let verdicts = changes.iter().map(verdict);
            verdicts.max().unwrap_or_default()
        };
        let [by_key, message_pack, json] = direction.verdicts;
        let mut by_name = message_pack.max(json);
        if part == Part::Argument && !direction.closed.is_empty() {
            // Not all that is sent by name is a value of a type.
            by_name = by_name.max(Verdict::Depends);
        }
        let path = format!("{}{}", part.root(), direction.place);
        let is_placed = changes.iter().any(|change| {
            change.by_key == Verdict::Breaks && change.uses.iter().any(|used| used.path == path)
        });
        let told = (
            worst(|change| change.by_key),
            worst(|change| change.by_name),
        );
        if told != (by_key, by_name) || is_placed != (by_key == Verdict::Breaks) {
            let (service, order) = (self.service, self.order);
            let deviation = format!("{service}, {order}, {part:?}: the library says {changes:#?}");
            self.deviations.push(deviation);
        }
    }

    fn name_of(&self, part: Part) -> String {
        format!("{}.{}", self.service, part.method())
    }

    fn deviate(&mut self, (way, part): (Way, Part), value: &impl Debug, ended: Option<String>) {
        let (service, order) = (self.service, self.order);
        let told = |ended| format!("{service}, {order}, {part:?}, by {way:?}: {value:?}: {ended}");
        self.deviations.extend(ended.map(told));
    }
}
