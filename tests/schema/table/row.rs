//! A row: a type in an old and a new version, and what becomes of the values that the one writes and the other reads.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zmqrpc::schema::{Description, Verdict};
use zmqrpc::{CallError, Client, Error, ServerBuilder};

use super::Served;
use super::expected::Way;
use super::trial::Trial;

/// Makes a row: a service whose values are of another type in each version.
///
/// The verdicts are those by key, in `MessagePack` and in JSON. Where one is `Breaks`, each value is an error: by key
/// one that names the place behind `at`. Else what `reads` has is read as what stands behind the arrow, and what `fails`
/// has is an error. Where what breaks by name is read as another value without a word, `misreads` has the values by name,
/// and `reads` those by key. `closes` has arguments in JSON that only strangers write: the writer's version reads them,
/// and the other one refuses them.
macro_rules! row {
    (
        $(#[$docs:meta])*
        $row:ident $service:literal
        old $old:ty { $($old_items:tt)* }
        new $new:ty { $($new_items:tt)* }
        forth $forth:tt $(at $forth_place:literal)?
            $(reads { $($fw:expr => $fr:expr),* $(,)? })?
            $(fails { $($ff:expr),* $(,)? })?
            $(misreads { $($fm:expr => $fn:expr),* $(,)? })?
            $(closes { $($fc:expr),* $(,)? })?
        back $back:tt $(at $back_place:literal)?
            $(reads { $($bw:expr => $br:expr),* $(,)? })?
            $(fails { $($bf:expr),* $(,)? })?
            $(misreads { $($bm:expr => $bn:expr),* $(,)? })?
            $(closes { $($bc:expr),* $(,)? })?
    ) => {
        $(#[$docs])*
        // Rows are easier to read with a plain `pub`.
        #[allow(unreachable_pub)]
        mod $row {
            #[allow(unused_imports)]
            use zmqrpc::schema::Verdict::{Breaks, Depends, Fine};

            use crate::table::row::{Direction, Outcome, ValueOf};

            pub struct Row;

            impl crate::table::row::Row for Row {
                const SERVICE: &str = $service;
                type Old = old::Version;
                type New = new::Version;

                fn forth() -> Direction<ValueOf<old::Version>, ValueOf<new::Version>> {
                    Direction {
                        verdicts: $forth,
                        place: concat!("" $(, $forth_place)?),
                        samples: vec![
                            $($(($fw, Outcome::Reads($fr)),)*)?
                            $($(($ff, Outcome::Fails),)*)?
                            $($(($fm, Outcome::Misreads($fn)),)*)?
                        ],
                        closed: vec![$($($fc),*)?],
                    }
                }

                fn back() -> Direction<ValueOf<new::Version>, ValueOf<old::Version>> {
                    Direction {
                        verdicts: $back,
                        place: concat!("" $(, $back_place)?),
                        samples: vec![
                            $($(($bw, Outcome::Reads($br)),)*)?
                            $($(($bf, Outcome::Fails),)*)?
                            $($(($bm, Outcome::Misreads($bn)),)*)?
                        ],
                        closed: vec![$($($bc),*)?],
                    }
                }
            }

            crate::table::row::version!(old $service forth $old { $($old_items)* });
            crate::table::row::version!(new $service back $new { $($new_items)* });
        }
    };
}

/// Makes one version of a row's service; `$written` makes what it sends.
macro_rules! version {
    ($module:ident $service:literal $written:ident $value:ty { $($items:tt)* }) => {
        pub mod $module {
            #[allow(unused_imports)]
            use serde::{Deserialize, Serialize};
            use zmqrpc::{CallError, Client, Error, ServerBuilder};

            use crate::table::row::{Calls, Row};

            crate::table::row::items! { $($items)* }

            #[zmqrpc::zmq_service(name = $service)]
            pub trait Exchange {
                fn show(&self, value: $value) -> String;
                fn give(&self, sample: usize) -> $value;
                fn fail(&self, sample: usize) -> Result<(), $value>;
            }

            pub struct Answers(Calls);

            impl Exchange for Answers {
                fn show(&self, value: $value) -> String {
                    self.0.add();
                    format!("{value:?}")
                }

                fn give(&self, sample: usize) -> $value {
                    self.0.add();
                    super::Row::$written().samples.swap_remove(sample).0
                }

                fn fail(&self, sample: usize) -> Result<(), $value> {
                    Err(self.give(sample))
                }
            }

            pub struct Version;

            impl crate::table::row::Version for Version {
                type Value = $value;

                fn describe() -> zmqrpc::schema::Description {
                    zmqrpc::schema::of::<ExchangeClient>()
                }

                fn serve(builder: ServerBuilder, calls: &Calls) -> ServerBuilder {
                    builder.service(ExchangeServer::new(Answers(calls.clone())))
                }

                fn show(client: &Client, value: $value) -> Result<String, Error> {
                    ExchangeClient::new(client.clone()).show(value)
                }

                fn give(client: &Client, sample: usize) -> Result<$value, Error> {
                    ExchangeClient::new(client.clone()).give(sample)
                }

                fn fail(client: &Client, sample: usize) -> Result<(), CallError<$value>> {
                    ExchangeClient::new(client.clone()).fail(sample)
                }
            }
        }
    };
}

/// Makes the types of a version.
macro_rules! items {
    (pub type $name:ident = $type:ty;) => {
        pub type $name = $type;
    };
    ($($item:item)*) => {
        $(
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            $item
        )*
    };
}

pub(super) use {items, row, version};

/// How many calls a server has executed.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<AtomicU64>);

impl Calls {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What becomes of a value.
pub(super) enum Outcome<R> {
    Reads(R),
    Fails,
    Misreads(R),
}

/// What becomes of the values of one version in the other one.
pub(super) struct Direction<W, R> {
    /// By key, in `MessagePack` and in JSON.
    pub(super) verdicts: [Verdict; 3],
    /// Where in a value the first difference is that decides by key.
    pub(super) place: &'static str,
    pub(super) samples: Vec<(W, Outcome<R>)>,
    /// What strangers may send to the writer's version alone.
    pub(super) closed: Vec<serde_json::Value>,
}

impl<W, R> Direction<W, R> {
    /// A verdict that no sample shows says nothing.
    pub(super) fn assert_shows_its_verdicts(&self, service: &str) {
        let has = |is: fn(&Outcome<R>) -> bool| self.samples.iter().any(|(_, outcome)| is(outcome));
        let reads = has(|outcome| matches!(outcome, Outcome::Reads(_)));
        let fails = has(|outcome| matches!(outcome, Outcome::Fails));
        for (way, verdict) in Way::ALL.into_iter().zip(self.verdicts) {
            let is_shown = match verdict {
                Verdict::Fine => reads && !fails,
                Verdict::Depends => reads && fails,
                _ => !self.samples.is_empty(),
            };
            assert!(is_shown, "{service}: by {way:?} nothing shows `{verdict}`");
        }
        let is_misread = self.verdicts[1..] == [Verdict::Breaks; 2];
        assert!(is_misread || !self.has_misreads(), "{service} is misread");
    }

    pub(super) fn has_misreads(&self) -> bool {
        let is_misread = |outcome: &Outcome<R>| matches!(outcome, Outcome::Misreads(_));
        self.samples.iter().any(|(_, outcome)| is_misread(outcome))
    }
}

/// A service with the values of one version.
pub(super) trait Version {
    type Value: Clone + Debug + Serialize + DeserializeOwned + Send + 'static;

    fn describe() -> Description;
    fn serve(builder: ServerBuilder, calls: &Calls) -> ServerBuilder;
    /// Sends a value as an argument; it is returned as the text of what it was read as.
    fn show(client: &Client, value: Self::Value) -> Result<String, Error>;
    /// Asks for a value as the reply.
    fn give(client: &Client, sample: usize) -> Result<Self::Value, Error>;
    /// Asks for a value as the error.
    fn fail(client: &Client, sample: usize) -> Result<(), CallError<Self::Value>>;
}

pub(super) type ValueOf<V> = <V as Version>::Value;

pub(super) trait Row {
    const SERVICE: &str;
    type Old: Version;
    type New: Version;

    fn forth() -> Direction<ValueOf<Self::Old>, ValueOf<Self::New>>;
    fn back() -> Direction<ValueOf<Self::New>, ValueOf<Self::Old>>;
}

/// A row in a list of them.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    serve: [fn(ServerBuilder, &Calls) -> ServerBuilder; 2],
    try_out: fn(&Served, &Served) -> Vec<String>,
}

impl Entry {
    pub(super) fn of<R: Row>() -> Self {
        Self {
            serve: [R::Old::serve, R::New::serve],
            try_out: |old, new| Trial::of_row::<R>(old, new),
        }
    }

    pub(super) fn serve(
        &self,
        builder: ServerBuilder,
        is_old: bool,
        calls: &Calls,
    ) -> ServerBuilder {
        self.serve[usize::from(!is_old)](builder, calls)
    }

    /// Returns what goes otherwise than the row says.
    pub(super) fn try_out(&self, old: &Served, new: &Served) -> Vec<String> {
        (self.try_out)(old, new)
    }
}
