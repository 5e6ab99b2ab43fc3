//! Changes of methods and services, beside the types that they use.

use std::fmt::Debug;
use std::mem;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use zmqrpc::schema::{self, Described, Verdict};
use zmqrpc::{Client, Error, Executed};

use super::super::support::within;
use super::services::{new, old};
use super::{LIMIT, Served};

/// Runs a test against both processes, an old and a new one.
fn between(test: impl FnOnce(&Served, &Served) + Send + 'static) {
    within(LIMIT, || test(&Served::start("old"), &Served::start("new")));
}

impl Served {
    fn by_key(&self) -> Client {
        self.clients[0].clone()
    }

    /// Calls in `MessagePack` and in JSON; both have to come to the same.
    fn by_name<R: Serialize + DeserializeOwned + Debug + PartialEq + Send + 'static>(
        &self,
        method: &str,
        arguments: &impl Serialize,
    ) -> Result<R, Error> {
        let [_, message_pack, json] = &self.clients;
        let first: Result<R, Error> = message_pack.invoke(method, arguments);
        let second = json.invoke(method, arguments);
        match (&first, &second) {
            (Ok(first), Ok(second)) => assert_eq!(first, second),
            (Err(first), Err(second)) => {
                assert_eq!(mem::discriminant(first), mem::discriminant(second));
                assert_eq!(first.executed(), second.executed());
            }
            _ => panic!("{first:?}, {second:?}"),
        }
        second
    }
}

/// Returns what the library says of a method by key and by name.
pub(super) fn told<O: Described, N: Described>(method: &str) -> (Verdict, Verdict) {
    let changes = schema::changes(&schema::of::<O>(), &schema::of::<N>());
    let of_method = changes.iter().filter(|change| {
        let uses = change.uses.iter();
        change.place == method || uses.clone().any(|used| used.method == method)
    });
    of_method.fold(Default::default(), |(by_key, by_name), change| {
        (change.by_key.max(by_key), change.by_name.max(by_name))
    })
}

pub(super) const FINE: (Verdict, Verdict) = (Verdict::Fine, Verdict::Fine);
const BREAKS: (Verdict, Verdict) = (Verdict::Breaks, Verdict::Breaks);

/// Asserts that a call was refused for its key, and says where the difference is.
#[track_caller]
fn assert_mismatch<R: Debug>((result, executed): (Result<R, Error>, u64), said: &str) {
    let error = result.unwrap_err();
    let Error::SignatureMismatch { difference, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(difference.as_deref(), Some(said), "{error}");
    assert_eq!((error.executed(), executed), (Executed::No, 0), "{error}");
}

/// Asserts that a call was refused since the server has another version alone, which its signature tells.
#[track_caller]
fn assert_version_refused((result, executed): (Result<u32, Error>, u64), told: &str) {
    let error = result.unwrap_err();
    let Error::SignatureMismatch { theirs, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(&**theirs, told, "{error}");
    assert_eq!((error.executed(), executed), (Executed::No, 0), "{error}");
}

/// Asserts that a call by name was not executed for its arguments.
#[track_caller]
fn assert_arguments_refused<R: Debug>((result, executed): (Result<R, Error>, u64)) {
    let error = result.unwrap_err();
    let is_of_arguments = matches!(&error, Error::Decode { what, .. } if *what == "the arguments");
    assert!(is_of_arguments, "{error}");
    assert_eq!((error.executed(), executed), (Executed::No, 0), "{error}");
}

#[test]
fn a_method_and_a_service_that_are_new_are_nothing_to_old_clients() {
    between(|old, new| {
        for tax in [0, u32::MAX] {
            let till = old::TillClient::new(new.by_key());
            assert_eq!(till.total(tax).unwrap(), u64::from(tax) + 2);
            let till = new::TillClient::new(old.by_key());
            assert_eq!(till.total(tax).unwrap(), u64::from(tax) + 1);
            assert_eq!(new.by_name("Till.total", &(tax,)), Ok(u64::from(tax) + 2));
            assert_eq!(old.by_name("Till.total", &(tax,)), Ok(u64::from(tax) + 1));
        }
        assert_eq!(told::<old::TillClient, new::TillClient>("Till.total"), FINE);
        assert_eq!(
            told::<old::TillClient, new::TillClient>("Till.refund"),
            FINE
        );
        assert_eq!(
            told::<new::TillClient, old::TillClient>("Till.refund"),
            BREAKS
        );

        let refund = |served: &Served| new::TillClient::new(served.by_key()).refund(7);
        assert_eq!(refund(new), Ok(7));
        let twice = |served: &Served| new::FreshClient::new(served.by_key()).twice(i32::MIN);
        assert_eq!(twice(new), Ok(2 * i64::from(i32::MIN)));
        let unknown = [
            refund(old).unwrap_err(),
            old.by_name::<u64>("Till.refund", &(7,)).unwrap_err(),
            twice(old).unwrap_err(),
            old.by_name::<i64>("Fresh.twice", &(7,)).unwrap_err(),
        ];
        for error in unknown {
            assert!(matches!(error, Error::UnknownMethod { .. }), "{error}");
            assert_eq!(error.executed(), Executed::No);
        }
    });
}

#[test]
fn a_signature_that_is_spelled_otherwise_is_the_same() {
    between(|old, new| {
        let pause = Duration::new(1, 999_999_999);
        for (skus, count) in [(vec![], None), (vec!["a".to_owned()], Some(999_999_999))] {
            let client = old::RespelledClient::new(new.by_key());
            assert_eq!(client.place(skus.clone(), pause), Ok(count));
            let client = new::RespelledClient::new(old.by_key());
            assert_eq!(client.place(skus.clone(), pause), Ok(count));
            for served in [old, new] {
                let placed = served.by_name("Respelled.place", &(&skus, pause));
                assert_eq!(placed, Ok(count));
            }
        }
        let method = "Respelled.place";
        assert_eq!(
            told::<old::RespelledClient, new::RespelledClient>(method),
            FINE
        );
        assert_eq!(
            told::<new::RespelledClient, old::RespelledClient>(method),
            FINE
        );
    });
}

#[test]
fn another_version_is_refused_by_key_unless_it_is_served_too() {
    between(|old, new| {
        let call = || old::ReplacedClient::new(new.by_key()).celsius();
        assert_version_refused(new.observe(call), "() -> u32 (version 2)");
        let call = || new::ReplacedClient::new(old.by_key()).celsius();
        assert_version_refused(old.observe(call), "() -> u32");
        assert_eq!(new.by_name("Replaced.celsius", &()), Ok(22));
        assert_eq!(old.by_name("Replaced.celsius", &()), Ok(21));
        let verdicts = (Verdict::Breaks, Verdict::Fine);
        assert_eq!(
            told::<old::ReplacedClient, new::ReplacedClient>("Replaced"),
            verdicts
        );
        assert_eq!(
            told::<new::ReplacedClient, old::ReplacedClient>("Replaced"),
            verdicts
        );

        assert_eq!(old::KeptClient::new(new.by_key()).celsius(), Ok(21));
        assert_eq!(new::KeptClient::new(new.by_key()).celsius(), Ok(22));
        assert_eq!(
            new.by_name("Kept.celsius", &()),
            Ok(22),
            "the highest answers"
        );
        assert_eq!(new.by_name("Kept@1.celsius", &()), Ok(21));
        new.by_key().verify::<old::KeptClient>().unwrap();
        let call = || new::KeptClient::new(old.by_key()).celsius();
        assert_version_refused(old.observe(call), "() -> u32");
    });
}

#[test]
fn an_argument_that_is_renamed_breaks_those_who_name_it() {
    between(|old, new| {
        for amount in [0, u32::MAX] {
            let paid = Ok(format!("{amount} to you"));
            let till = old::TillClient::new(new.by_key());
            assert_eq!(till.pay(amount, "you".into()), paid);
            let till = new::TillClient::new(old.by_key());
            assert_eq!(till.pay(amount, "you".into()), paid);
            for (served, name, other) in [(old, "amount", "sum"), (new, "sum", "amount")] {
                let pay = |arguments| served.by_name("Till.pay", &arguments);
                assert_eq!(pay(json!([amount, "you"])), paid);
                assert_eq!(pay(json!({ "to": "you", name: amount })), paid);
                let refused = served.observe(|| pay(json!({ "to": "you", other: amount })));
                assert_arguments_refused(refused);
            }
        }
        let verdicts = (Verdict::Fine, Verdict::Breaks);
        assert_eq!(
            told::<old::TillClient, new::TillClient>("Till.pay"),
            verdicts
        );
        assert_eq!(
            told::<new::TillClient, old::TillClient>("Till.pay"),
            verdicts
        );
    });
}

#[test]
fn another_number_of_arguments_is_refused_by_key_and_an_option_may_be_left_out_by_name() {
    between(|old, new| {
        let sku = || "a".to_owned();
        let till = old::TillClient::new(new.by_key());
        let more = "1 argument here, 2 arguments there";
        assert_mismatch(
            new.observe(|| till.find(sku())),
            &format!("Till.find: {more}"),
        );
        assert_mismatch(
            new.observe(|| till.rank(sku())),
            &format!("Till.rank: {more}"),
        );
        let till = new::TillClient::new(old.by_key());
        let fewer = "2 arguments here, 1 argument there";
        for near in [None, Some(0)] {
            let said = format!("Till.rank: {fewer}");
            assert_mismatch(old.observe(|| till.rank(sku(), near)), &said);
        }
        assert_mismatch(
            old.observe(|| till.find(sku(), 0)),
            &format!("Till.find: {fewer}"),
        );

        let call = |served: &Served, method: &str, arguments| {
            served.observe(|| served.by_name::<String>(method, &arguments))
        };
        // By those who were built from the old version.
        for arguments in [json!(["a"]), json!({ "sku": "a" })] {
            assert_arguments_refused(call(new, "Till.find", arguments));
        }
        assert_arguments_refused(call(new, "Till.rank", json!(["a"])));
        let ranked = call(new, "Till.rank", json!({ "sku": "a" }));
        assert_eq!(ranked, (Ok("a None".to_owned()), 2));
        let verdicts = |by_name| (Verdict::Breaks, by_name);
        let told_of = told::<old::TillClient, new::TillClient>;
        assert_eq!(told_of("Till.find"), verdicts(Verdict::Breaks));
        assert_eq!(told_of("Till.rank"), verdicts(Verdict::Depends));

        // By those who were built from the new one.
        for method in ["Till.find", "Till.rank"] {
            for arguments in [json!(["a", 0]), json!({ "sku": "a", "near": 0 })] {
                assert_arguments_refused(call(old, method, arguments));
            }
            assert_eq!(told::<new::TillClient, old::TillClient>(method), BREAKS);
        }
    });
}
