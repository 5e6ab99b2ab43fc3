//! Types of other crates, as arguments and replies.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use semver::{Version, VersionReq};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use url::Url;
use uuid::Uuid;
use zmqrpc::client::Codec;
use zmqrpc::schema::{self, Body, Description, Payload, Shape};
use zmqrpc::{Client, Server, zmq_service};

use super::support::{anywhere, within};

const LIMIT: Duration = Duration::from_secs(20);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Release {
    id: Uuid,
    version: Version,
    needs: VersionReq,
    source: Url,
    built: OffsetDateTime,
    mirrors: BTreeMap<Uuid, IpAddr>,
    earlier: Option<Box<Release>>,
}

#[zmq_service]
trait Archive {
    fn publish(&self, release: &Release) -> Uuid;
    fn find(&self, ids: Vec<Uuid>, at: Option<Ipv6Addr>) -> Vec<Url>;
    fn next_day(&self, day: NaiveDate, other: Date) -> (NaiveDate, Date);
    fn later(&self, moment: DateTime<Utc>, by: Duration) -> Result<DateTime<Utc>, Version>;
    fn matching(&self, needs: VersionReq, of: Vec<Version>) -> Option<Version>;
    fn peer(&self, address: SocketAddr) -> IpAddr;
}

struct Shelf;

impl Archive for Shelf {
    fn publish(&self, release: &Release) -> Uuid {
        release.id
    }

    fn find(&self, ids: Vec<Uuid>, _: Option<Ipv6Addr>) -> Vec<Url> {
        let urls = ids.iter().map(|id| format!("https://example.org/{id}"));
        urls.map(|url| url.parse().unwrap()).collect()
    }

    fn next_day(&self, day: NaiveDate, other: Date) -> (NaiveDate, Date) {
        (day.succ_opt().unwrap(), other.next_day().unwrap())
    }

    fn later(&self, moment: DateTime<Utc>, by: Duration) -> Result<DateTime<Utc>, Version> {
        Ok(moment + by)
    }

    fn matching(&self, needs: VersionReq, of: Vec<Version>) -> Option<Version> {
        of.into_iter().find(|version| needs.matches(version))
    }

    fn peer(&self, address: SocketAddr) -> IpAddr {
        address.ip()
    }
}

fn id() -> Uuid {
    Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0)
}

fn release() -> Release {
    Release {
        id: id(),
        version: "1.2.3-beta.1+linux".parse().unwrap(),
        needs: ">=1.2, <2".parse().unwrap(),
        source: "https://example.org/a?b=c#d".parse().unwrap(),
        built: OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap(),
        mirrors: BTreeMap::from([(id(), "::1".parse().unwrap())]),
        earlier: None,
    }
}

fn named(name: &str) -> Shape {
    Shape::Type(name.to_owned())
}

/// Asserts what a type is in postcard and in JSON, and a value that it takes.
fn assert_type(description: &Description, name: &str, body: Shape, text: Shape, example: &str) {
    let found = &description.types[name];
    let (body, text) = (Body::Is(body), Body::Is(text));
    assert_eq!(
        (found.body(false), found.body(true)),
        (&body, &text),
        "{name}"
    );
    assert_eq!(found.example.as_deref(), Some(example), "{name}");
    assert_eq!(found.refuses, None, "{name}");
}

#[test]
fn types_of_other_crates_are_described_in_both_forms() {
    let description = schema::of::<ArchiveClient>();
    let assert_is = |name, body, text, example| {
        assert_type(&description, name, body, text, example);
    };
    let assert_text = |name, example| assert_is(name, Shape::String, Shape::String, example);
    assert_text("Url", "https://example.org/");
    assert_text("Version", "1.0.0");
    assert_text("VersionReq", "1");
    assert_text("NaiveDate", "2000-01-01");
    assert_text("DateTime<Utc>", "2000-01-01T00:00:00Z");
    let nil = "00000000-0000-0000-0000-000000000000";
    assert_is("Uuid", Shape::Bytes, Shape::String, nil);
    let octets = |len| Shape::Array(Box::new(Shape::U8), len);
    assert_is("Ipv6Addr", octets(16), Shape::String, "::1");

    let addresses = &description.types["IpAddr"];
    let Body::Enum(versions) = &addresses.body else {
        panic!("{addresses:?}");
    };
    assert_eq!(versions.variants[0].body, Payload::One(octets(4)));
    assert_eq!(addresses.body(true), &Body::Is(Shape::String));

    // It asks a format that is for people what there is.
    let date = Shape::Tuple(vec![Shape::I32, Shape::U16]);
    assert_is("Date", date, Shape::Any, "2000-01-01");
}

#[test]
fn the_canonical_text_knows_types_of_other_crates_by_their_bytes() {
    let description = schema::of::<ArchiveClient>();
    let canonical = |name: &str| {
        let method = description.services[0].method(name).unwrap();
        description.canonical(method)
    };
    assert_eq!(
        canonical("find"),
        "list<bytes,>,option<array<u8,>16,>,->list<string,>"
    );
    assert_eq!(
        canonical("next_day"),
        "string,(i32,u16,),->(string,(i32,u16,),)"
    );
    assert_eq!(
        canonical("later"),
        "string,{secs:u64,nanos:u32,},->string|string"
    );
    assert_eq!(
        canonical("peer"),
        "[V4=(array<u8,>4,u16,)|V6=(array<u8,>16,u16,)|],->[V4=array<u8,>4|V6=array<u8,>16|]"
    );
    assert_eq!(named("Uuid"), description.services[0].methods[0].reply);
}

#[test]
fn types_of_other_crates_travel_by_key_and_by_name() {
    within(LIMIT, || {
        let server = anywhere(Server::builder().service(ArchiveServer::new(Arc::new(Shelf))))
            .start()
            .unwrap();
        let endpoint = &server.endpoints()[0];
        let by_key = ArchiveClient::connect(endpoint).unwrap();
        let day: NaiveDate = "2024-02-28".parse().unwrap();
        let other = Date::from_calendar_date(2024, time::Month::February, 28).unwrap();
        let moment = DateTime::from_timestamp(1_700_000_000, 5).unwrap();
        let needs: VersionReq = "^1.2".parse().unwrap();
        let versions: Vec<Version> = ["0.9.0", "1.3.0"].map(|text| text.parse().unwrap()).into();
        let address: SocketAddr = "[::1]:80".parse().unwrap();
        let later = moment + Duration::from_secs(1);

        let urls = by_key.find(vec![id()], None).unwrap();
        let days = by_key.next_day(day, other).unwrap();
        assert_eq!(by_key.publish(&release()).unwrap(), id());
        assert_eq!(by_key.later(moment, Duration::from_secs(1)).unwrap(), later);
        let found = by_key.matching(needs.clone(), versions.clone()).unwrap();
        assert_eq!(found.as_ref(), versions.last());
        assert_eq!(by_key.peer(address).unwrap(), address.ip());

        for codec in [Codec::MessagePack, Codec::Json] {
            let client = Client::builder()
                .connect(endpoint)
                .codec(codec)
                .build()
                .unwrap();
            assert_eq!(invoke::<Uuid>(&client, "publish", &(release(),)), id());
            let at = None::<Ipv6Addr>;
            assert_eq!(invoke::<Vec<Url>>(&client, "find", &(vec![id()], at)), urls);
            let next: (NaiveDate, Date) = invoke(&client, "next_day", &(day, other));
            assert_eq!(next, days);
            let by = Duration::from_secs(1);
            let next: DateTime<Utc> = invoke(&client, "later", &(moment, by));
            assert_eq!(next, later);
            let next: Option<Version> = invoke(&client, "matching", &(&needs, &versions));
            assert_eq!(next, found);
            assert_eq!(invoke::<IpAddr>(&client, "peer", &(address,)), address.ip());
        }
    });
}

/// What the description gives as an example is a value that the server takes, in JSON.
#[test]
fn examples_are_taken_by_the_server() {
    within(LIMIT, || {
        let server = anywhere(Server::builder().service(ArchiveServer::new(Arc::new(Shelf))))
            .start()
            .unwrap();
        let client = Client::builder()
            .connect(&server.endpoints()[0])
            .codec(Codec::Json)
            .build()
            .unwrap();
        let description = client.describe().unwrap();
        let example = |name: &str| description.types[name].example.clone().unwrap();
        let days = (example("NaiveDate"), example("Date"));
        let next: (String, String) = invoke(&client, "next_day", &days);
        assert_eq!(next, ("2000-01-02".into(), "2000-01-02".into()));
        let moment = (example("DateTime<Utc>"), Duration::from_secs(1));
        assert_eq!(
            invoke::<String>(&client, "later", &moment),
            "2000-01-01T00:00:01Z"
        );
        let versions = (example("VersionReq"), [example("Version")]);
        assert_eq!(invoke::<String>(&client, "matching", &versions), "1.0.0");
        let found = (vec![example("Uuid")], Some(example("Ipv6Addr")));
        assert_eq!(invoke::<Vec<String>>(&client, "find", &found).len(), 1);
        let address = (example("SocketAddr"),);
        assert_eq!(invoke::<String>(&client, "peer", &address), "127.0.0.1");
    });
}

fn invoke<R: Serialize + DeserializeOwned + Send + 'static>(
    client: &Client,
    method: &str,
    arguments: &impl Serialize,
) -> R {
    let name = format!("Archive.{method}");
    client
        .invoke(&name, arguments)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}
