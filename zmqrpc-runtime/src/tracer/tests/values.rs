//! Shapes are right if they are all that it takes to read a value.
//!
//! Values of many types are drawn and written in each codec. What is read from postcard, from `MessagePack` and from JSON
//! with nothing but the shape is to be the same, to the last byte.

mod attributes;
mod by_name;
mod chameleons;
mod drawn;
mod drawn_parts;
mod neutral;
mod positional;
mod raw_value;
mod subjects;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV4};
use std::ops::Bound;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::{TestCaseError, TestRunner};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::attributes::*;
use self::chameleons::*;
use self::neutral::{Mismatch, Neutral};
use self::subjects::*;
use super::super::{RootType, ShapeFinder};
use super::described;
use crate::codec::{Codec, Error};
use crate::description::{ArgumentDescription, Description, Shape, fit};

/// A type of which values are read by its shape.
struct Subject {
    description: Description,
    shape: Shape,
}

impl Subject {
    fn of<T: DeserializeOwned>() -> Self {
        let mut finder = ShapeFinder::new();
        let shape = finder.find(RootType::of::<T>());
        let description = described(shape, finder);
        let shape = description.services[0].methods[0].reply.clone();
        Self { description, shape }
    }

    /// Returns what a codec writes of a value, as the shape reads it; `None` if the codec does not write such a one.
    fn read(&self, codec: Codec, value: &impl Serialize) -> Result<Option<Neutral>, Mismatch> {
        let mut bytes = Vec::new();
        match codec.encode(value, &mut bytes, usize::MAX) {
            Ok(()) => {}
            Err(Error::SomeOfNothing { .. }) => return Ok(None),
            Err(error) => return Err(format!("{codec:?}: {error}")),
        }
        let (description, shape) = (&self.description, &self.shape);
        let read = match codec {
            Codec::Postcard => positional::positional(description, shape, &bytes),
            Codec::Json => by_name::json(description, shape, str::from_utf8(&bytes).unwrap()),
            Codec::MessagePack => by_name::messagepack(description, shape, &bytes),
        };
        read.map(Some)
            .map_err(|error| format!("{codec:?}: {error}"))
    }

    /// Checks that its bytes fit the shape, and neither fewer nor more.
    fn check_fit(&self, value: &impl Serialize) -> Result<(), Mismatch> {
        let mut bytes = Vec::new();
        let encoded = Codec::Postcard.encode(value, &mut bytes, usize::MAX);
        encoded.map_err(|error| error.to_string())?;
        let fits = |bytes: &[u8]| {
            let argument = ArgumentDescription::new("value", self.shape.clone());
            fit(&self.description, &[argument], bytes).map_err(|misfit| misfit.to_string())
        };
        fits(&bytes)?;
        if let Some((_, shorter)) = bytes.split_last()
            && fits(shorter).is_ok()
        {
            return Err(format!("{bytes:?} fit without the last one, too"));
        }
        bytes.push(0);
        fits(&bytes).map_or(Ok(()), |()| Err(format!("{bytes:?} fit, too")))
    }

    fn check(&self, value: &impl Serialize) -> Result<(), Mismatch> {
        let expected = self.read(Codec::Postcard, value)?.expect("it writes all");
        if let Some(read) = self.read(Codec::MessagePack, value)?
            && read != expected
        {
            return Err(format!("{expected:?} is {read:?} in MessagePack"));
        }
        let expected = expected.common();
        if let Some(read) = self.read(Codec::Json, value)?.map(Neutral::common)
            && read != expected
        {
            return Err(format!("{expected:?} is {read:?} in JSON"));
        }
        self.check_fit(value)
    }
}

/// Draws values of a type, and reads them by its shape.
fn check<T: Serialize + DeserializeOwned>() {
    let subject = Subject::of::<T>();
    let accepted = Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(200)
    });
    let result = runner.run(&vec(any::<u8>(), 0..200), |chance| {
        let Some(value) = drawn::drawn::<T>(&chance) else {
            return Ok(());
        };
        accepted.set(accepted.get() + 1);
        subject.check(&value).map_err(TestCaseError::fail)
    });
    let name = std::any::type_name::<T>();
    if let Err(error) = result {
        panic!("{name}: {error}\n{:#?}", subject.description.types);
    }
    assert!(accepted.get() > 0, "{name}: no value is drawn");
}

macro_rules! check {
    ($($type:ty),* $(,)?) => { $( check::<$type>(); )* };
}

#[test]
fn generic_types_are_read_by_their_shapes() {
    check!(
        Generics,
        SameNames,
        Page<Page<Option<i16>>>,
        Page<Page<Page<String>>>
    );
}

#[test]
fn containers_are_read_by_their_shapes() {
    check!(Containers, Keys, [[i32; 2]; 3], [u8; 0], Vec<(char, bool)>);
    check!(Option<Option<u8>>, Option<()>, Vec<Option<()>>);
    check!((), (u8,), (i8, (u16, i128), f32), Result<(), Vec<u8>>);
    check!(BTreeMap<i64, BTreeMap<bool, f64>>);
}

#[test]
fn types_that_hold_themselves_are_read_by_their_shapes() {
    check!(Tree, Forest, Expr, Statement, Block, Condition);
    check!(Option<Box<Tree>>, Vec<(Expr, Tree)>);
}

#[test]
fn what_wraps_a_value_is_read_by_its_shape() {
    check!(Marker, Meters, Pair, Through, Newtypes, Payloads);
    check!(Option<Meters>, (Marker, Marker));
}

#[test]
fn types_of_the_standard_library_are_read_by_their_shapes() {
    check!(Standard, Bound<u8>, Option<Duration>);
}

#[test]
fn types_that_are_others_in_json_are_read_by_their_shapes() {
    check!(
        Ipv6Addr,
        SocketAddrV4,
        SocketAddr,
        Vec<IpAddr>,
        Vec<Ipv6Addr>
    );
    check!((Option<Ipv6Addr>, Standard), BTreeMap<u8, Ipv6Addr>);
    check!(Unnamed, NamedInBinary, NamedTwice);
    check!(Vec<Unnamed>, Vec<NamedInBinary>, Vec<NamedTwice>);
}

#[test]
fn types_with_attributes_are_read_by_their_shapes() {
    check!(
        Attributes, Closed, Defaults, Renamed, With, WithOther, Spread
    );
}

#[test]
fn types_that_do_not_take_any_value_are_read_by_their_shapes() {
    check!(Email, Majority, Span, AtLeastTwo, Payment, Vec<Majority>);
}

#[test]
fn a_wrong_shape_is_noticed() {
    #[derive(Serialize)]
    struct Wider(u32, u8);
    let subject = Subject::of::<(u32,)>();
    let mismatch = subject.check(&Wider(1, 2)).unwrap_err();
    assert!(mismatch.contains("1 bytes are left"), "{mismatch}");
}
