//! What arrives is what was sent: as arguments, replies and errors, by key and by name.

#![expect(
    clippy::option_option,
    reason = "three cases are what some callers mean"
)]

use serde::{Deserialize, Serialize};
use zmqrpc::error::CodecError;
use zmqrpc::service::assert_travels;
use zmqrpc::{CallError, Client, Error, Executed, Server, zmq_service};

use super::book::LIMIT;
use super::support::{anywhere, within};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Transfer {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    accounts: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tick;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(u8),
    Text(String),
}

#[zmq_service]
trait Bank {
    fn transfer(&self, order: Transfer) -> String;
    fn last(&self, dry_run: bool) -> Transfer;
    fn refuse(&self, dry_run: bool) -> Result<(), Transfer>;
    fn set_age(&self, age: Option<Option<u8>>) -> Option<Option<u8>>;
    fn ticks(&self, ticks: Vec<Tick>) -> usize;
    fn tables(&self, tables: Vec<Option<[u64; 32]>>) -> usize;
    fn loose(&self, value: Loose) -> u8;
}

struct Desk;

fn transfer(dry_run: bool) -> Transfer {
    Transfer {
        dry_run,
        accounts: vec![0],
    }
}

impl Bank for Desk {
    fn transfer(&self, order: Transfer) -> String {
        format!("{order:?}")
    }

    fn last(&self, dry_run: bool) -> Transfer {
        transfer(dry_run)
    }

    fn refuse(&self, dry_run: bool) -> Result<(), Transfer> {
        Err(transfer(dry_run))
    }

    fn set_age(&self, age: Option<Option<u8>>) -> Option<Option<u8>> {
        age
    }

    fn ticks(&self, ticks: Vec<Tick>) -> usize {
        ticks.len()
    }

    fn tables(&self, tables: Vec<Option<[u64; 32]>>) -> usize {
        tables.len()
    }

    fn loose(&self, _: Loose) -> u8 {
        1
    }
}

fn bank() -> (BankClient, Client, zmqrpc::ServerHandle) {
    let server = anywhere(Server::builder())
        .service(BankServer::new(Desk))
        .start()
        .unwrap();
    let client = Client::connect(&server.endpoints()[0]).unwrap();
    (BankClient::new(client.clone()), client, server)
}

#[test]
fn a_field_that_is_left_out_is_an_error_at_the_sender_and_never_another_value() {
    within(LIMIT, || {
        let (bank, client, server) = bank();
        let error = bank.transfer(transfer(false)).unwrap_err();
        let left_out = CodecError::SkippedField {
            name: "Transfer",
            field: "dry_run",
        };
        assert!(
            matches!(&error, Error::Encode { source, executed: Executed::No, .. } if *source == left_out),
            "{error}"
        );
        let text = format!("{:?}", transfer(true));
        assert_eq!(bank.transfer(transfer(true)).unwrap(), text);
        let by_name: String = client.invoke("Bank.transfer", &(transfer(false),)).unwrap();
        assert_eq!(by_name, format!("{:?}", transfer(false)));

        // To the server the sender is the one that replies.
        assert_eq!(bank.last(true).unwrap(), transfer(true));
        let error = bank.last(false).unwrap_err();
        assert_eq!(error.executed(), Executed::Yes);
        let text = error.to_string();
        assert!(
            text.contains("`Transfer` leaves out its field `dry_run`"),
            "{text}"
        );
        let Err(CallError::Rpc(error)) = bank.refuse(false) else {
            panic!("the service's error cannot travel");
        };
        assert!(
            error.to_string().contains("leaves out its field"),
            "{error}"
        );
        assert_eq!(bank.refuse(true), Err(CallError::Service(transfer(true))));
        assert_eq!(server.stats().requests, 6);
    });
}

#[test]
fn some_of_nothing_means_the_same_to_all_callers_or_is_refused() {
    within(LIMIT, || {
        let (bank, client, _server) = bank();
        for age in [None, Some(None), Some(Some(7))] {
            assert_eq!(bank.set_age(age).unwrap(), age);
            let by_name = client.invoke::<Option<Option<u8>>>("Bank.set_age", &(age,));
            if age == Some(None) {
                let error = by_name.unwrap_err();
                assert!(
                    matches!(
                        &error,
                        Error::Encode {
                            source: CodecError::SomeOfNothing { .. },
                            ..
                        }
                    ),
                    "{error}"
                );
                assert_eq!(error.executed(), Executed::No);
            } else {
                assert_eq!(by_name.unwrap(), age);
            }
        }
    });
}

#[test]
fn elements_that_take_no_memory_have_one_limit_by_key_and_by_name() {
    within(LIMIT, || {
        let (bank, client, _server) = bank();
        let by_name = |count| client.invoke::<usize>("Bank.ticks", &(vec![Tick; count],));
        for count in [5_000, 10_000] {
            assert_eq!(bank.ticks(vec![Tick; count]), Ok(count));
            assert_eq!(by_name(count), Ok(count));
        }
        for error in [bank.ticks(vec![Tick; 10_001]), by_name(10_001)].map(Result::unwrap_err) {
            assert!(
                matches!(
                    error,
                    Error::Decode {
                        executed: Executed::No,
                        ..
                    }
                ),
                "{error}"
            );
            assert!(
                error.to_string().contains("more than 10000 elements"),
                "{error}"
            );
        }
    });
}

#[test]
fn what_a_message_becomes_is_bounded_by_key_and_by_name() {
    within(LIMIT, || {
        let (bank, client, _server) = bank();
        // A byte each, and 264 in memory.
        let tables = vec![None; 300_000];
        let by_name = client.invoke::<usize>("Bank.tables", &(&tables,));
        for error in [bank.tables(tables), by_name].map(Result::unwrap_err) {
            assert!(
                matches!(
                    error,
                    Error::Decode {
                        executed: Executed::No,
                        ..
                    }
                ),
                "{error}"
            );
            assert!(error.to_string().contains("bytes of memory"), "{error}");
        }
        assert_eq!(bank.tables(vec![None; 200_000]), Ok(200_000));
    });
}

#[test]
fn a_type_that_asks_what_comes_next_is_named_where_it_is_refused() {
    within(LIMIT, || {
        let (bank, client, _server) = bank();
        let error = bank.loose(Loose::Number(7)).unwrap_err();
        assert_eq!(error.executed(), Executed::No);
        let text = error.to_string();
        assert!(
            text.contains("values::Loose` asks the body what comes next"),
            "{text}"
        );
        assert!(text.contains("call by name"), "{text}");
        let text = Loose::Text("x".to_owned());
        assert_eq!(client.invoke::<u8>("Bank.loose", &(text,)), Ok(1));
    });
}

#[test]
fn types_that_travel_pass_the_assertion() {
    assert_travels([Tick]);
    assert_travels::<Transfer>([transfer(true)]);
    assert_travels([Some(transfer(true)), None]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Step {
    Stop,
    #[serde(skip)]
    Internal,
    Go(u8),
}

#[test]
#[should_panic(
    expected = "the variant `Go` of `Step` is number 2 to the sender and 1 to the receiver"
)]
fn a_skipped_variant_in_the_middle_is_found_by_the_assertion() {
    assert_ne!(Step::Stop, Step::Internal);
    assert_travels([Step::Stop]);
}
