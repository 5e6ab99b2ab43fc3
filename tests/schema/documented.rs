//! Documentation of types: where it lands, and where it comes out.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zmqrpc::schema::{self, Body, Description, Field, Payload, Variant};
use zmqrpc::{Client, Documented, Server, zmq_service};

use super::support::{anywhere, within};

/// What a customer orders.
///
/// Each order once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
#[serde(rename_all = "camelCase")]
struct Purchase {
    /// Counted up by the shop.
    order_number: u64,
    /// What is to be done.
    #[serde(rename = "todo", alias = "again")]
    step: Step,
    unsaid: u8,
    /// Where it goes.
    r#final: Option<Page<Place>>,
    /// Never seen by others.
    #[serde(skip)]
    hidden: u8,
}

/// What can be done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Documented)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE", rename_all_fields = "PascalCase")]
enum Step {
    /// Nothing yet.
    #[default]
    NotBegun,
    /// As many are packed.
    Packed(u32),
    /// Between the two.
    OnItsWay(u32, u32),
    /// It has arrived.
    #[serde(rename(serialize = "there", deserialize = "there"))]
    Arrived {
        /// Who has taken it.
        taken_by: String,
        #[serde(rename = "at")]
        /// Seconds since then.
        since_then: u32,
    },
    #[serde(rename_all = "UPPERCASE")]
    Lost {
        /// By whom.
        lost_by: String,
    },
}

/// A part of a longer list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
struct Page<T> {
    /// Those on it.
    items: Vec<T>,
}

/// Somewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
struct Place(
    /// A pair has no names, and so no place for this.
    i32,
    i32,
);

/// What is the same for all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
struct Common {
    /// Who has made it.
    author: String,
    /// Of the common part.
    title: String,
}

/// A letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
struct Letter {
    /// Of the letter.
    title: String,
    /// Not a field.
    #[serde(flatten)]
    common: Box<Common>,
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

/// What is read before it is a `Checked`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
struct Raw {
    /// Less than ten.
    digit: u8,
}

/// Nobody is told this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
#[serde(try_from = "Raw", into = "Raw")]
struct Checked {
    /// Nor this.
    digit: u8,
}

impl TryFrom<Raw> for Checked {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        let digit = raw.digit;
        (digit < 10).then_some(Self { digit }).ok_or("no digit")
    }
}

impl From<Checked> for Raw {
    fn from(checked: Checked) -> Self {
        let digit = checked.digit;
        Self { digit }
    }
}

/// Text that is a code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
#[serde(transparent)]
struct Code(String);

/// How it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
#[serde(tag = "kind", content = "data", rename_all = "lowercase")]
enum Outcome {
    /// Well.
    Good(u8),
    /// Not so well.
    Bad { why: String },
}

/// Calls itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Documented)]
struct Nested {
    /// The name here.
    name: String,
    #[serde(flatten)]
    next: Option<Box<Nested>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Plain {
    text: String,
}

/// No method uses it.
#[derive(Documented)]
struct Unused;

#[zmq_service]
trait Shop {
    fn purchase(&self, purchase: Purchase, code: Code) -> Page<u8>;
    fn letter(&self, letter: Letter, nested: Nested) -> Outcome;
    fn check(&self, checked: Checked) -> Plain;
}

struct Counter;

impl Shop for Counter {
    fn purchase(&self, _: Purchase, _: Code) -> Page<u8> {
        Page { items: vec![1] }
    }

    fn letter(&self, _: Letter, _: Nested) -> Outcome {
        Outcome::Good(1)
    }

    fn check(&self, _: Checked) -> Plain {
        Plain {
            text: String::new(),
        }
    }
}

fn documented() -> Description {
    schema::of::<ShopClient>()
        .document::<Purchase>()
        .document::<Step>()
        .document::<Page<Place>>()
        .document::<Place>()
        .document::<Letter>()
        .document::<Raw>()
        .document::<Checked>()
        .document::<Code>()
        .document::<Outcome>()
        .document::<Nested>()
        .document::<Unused>()
}

fn of_fields(fields: &[Field]) -> Vec<(&str, &str)> {
    let fields = fields.iter();
    fields.map(|field| (&*field.name, &*field.docs)).collect()
}

fn fields<'d>(description: &'d Description, name: &str) -> Vec<(&'d str, &'d str)> {
    match &description.types[name].body {
        Body::Struct(found) | Body::Open(found) => of_fields(&found.fields),
        body => panic!("{body:?}"),
    }
}

fn variants<'d>(description: &'d Description, name: &str) -> &'d [Variant] {
    match &description.types[name].body {
        Body::Enum(found) => &found.variants,
        body => panic!("{body:?}"),
    }
}

#[test]
fn nothing_is_documented_unless_it_is_named() {
    let description = schema::of::<ShopClient>();
    assert!(
        description
            .types
            .values()
            .all(|found| found.docs.is_empty())
    );
    let named = description.clone().document::<Purchase>();
    assert_eq!(named.types["Step"], description.types["Step"]);
    assert_ne!(named.types["Purchase"], description.types["Purchase"]);
    assert_eq!(description.clone().document::<Unused>(), description);
}

#[test]
fn documentation_lands_at_the_names_that_travel() {
    let description = documented();
    let purchase = &description.types["Purchase"];
    assert_eq!(purchase.docs, "What a customer orders.\n\nEach order once.");
    let found = fields(&description, "Purchase");
    assert_eq!(found[0], ("orderNumber", "Counted up by the shop."));
    assert_eq!(found[1].1, "What is to be done.");
    assert_eq!(found[2..], [("unsaid", ""), ("final", "Where it goes.")]);
    assert_eq!(
        fields(&description, "Page<Place>"),
        [("items", "Those on it.")]
    );
    assert_eq!(description.types["Place"].docs, "Somewhere.");
}

#[test]
fn every_kind_of_variant_is_documented() {
    let description = documented();
    assert_eq!(description.types["Step"].docs, "What can be done.");
    let found = variants(&description, "Step");
    let names = found.iter().map(|variant| (&*variant.name, &*variant.docs));
    assert!(names.eq([
        ("NOT-BEGUN", "Nothing yet."),
        ("PACKED", "As many are packed."),
        ("ON-ITS-WAY", "Between the two."),
        ("there", "It has arrived."),
        ("LOST", ""),
    ]));
    let fields = |index: usize| match &found[index].body {
        Payload::Struct(fields) => of_fields(&fields.fields),
        body => panic!("{body:?}"),
    };
    assert_eq!(
        fields(3),
        [
            ("TakenBy", "Who has taken it."),
            ("at", "Seconds since then.")
        ]
    );
    assert_eq!(fields(4), [("LOST_BY", "By whom.")]);
}

#[test]
fn each_use_of_a_generic_type_is_one_of_its_own() {
    let description = documented();
    assert_eq!(description.types["Page<u8>"].docs, "");
    let both = description.document::<Page<u8>>();
    assert_eq!(both.types["Page<u8>"].docs, "A part of a longer list.");
}

#[test]
fn the_fields_of_a_flattened_type_bring_their_documentation() {
    let description = documented();
    let mut found = fields(&description, "Letter");
    found.sort_unstable();
    assert_eq!(
        found,
        [("author", "Who has made it."), ("title", "Of the letter.")]
    );
    assert_eq!(
        fields(&description, "Nested")[0],
        ("name", "The name here.")
    );
}

#[test]
fn a_type_that_converts_is_documented_as_the_one_that_is_read() {
    let description = documented();
    let raw = &description.types["Raw"];
    assert_eq!(raw.docs, "What is read before it is a `Checked`.");
    assert_eq!(fields(&description, "Raw"), [("digit", "Less than ten.")]);
    assert!(!description.types.contains_key("Checked"));
    assert_eq!(description.types["Code"].docs, "Text that is a code.");
}

#[test]
fn the_tag_of_an_enum_has_the_documentation_of_its_variants() {
    let description = documented();
    assert_eq!(description.types["Outcome"].docs, "How it went.");
    let found = variants(&description, "Outcome.tag").iter();
    assert!(
        found
            .map(|variant| (&*variant.name, &*variant.docs))
            .eq([("good", "Well."), ("bad", "Not so well.")])
    );
}

#[test]
fn what_is_documented_changes_no_fingerprint() {
    let fingerprints = schema::of::<ShopClient>().fingerprints();
    assert_eq!(documented().fingerprints(), fingerprints);
}

#[test]
fn a_server_tells_the_documentation_of_its_types() {
    within(Duration::from_secs(20), || {
        let builder = Server::builder()
            .service(ShopServer::new(Counter))
            .document::<Unused>()
            .document::<Purchase>()
            .document::<Step>();
        let server = anywhere(builder).start().unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let expected = schema::of::<ShopClient>()
            .document::<Purchase>()
            .document::<Step>();
        assert_eq!(client.describe().unwrap(), expected);
        let some: Description = client
            .invoke("zmqrpc.describe", &(Some(["Shop"]),))
            .unwrap();
        assert_eq!(some, expected);
    });
}

#[test]
fn exports_show_the_documentation() {
    let description = documented();
    for (export, text) in [
        ("JSON Schema", description.to_json_schema()),
        ("OpenRPC", description.to_open_rpc()),
        ("Python", description.to_python()),
    ] {
        for docs in [
            "What a customer orders.",
            "Counted up by the shop.",
            "What can be done.",
            "Nothing yet.",
            "As many are packed.",
            "Who has taken it.",
            "A part of a longer list.",
            "Those on it.",
            "Somewhere.",
            "Text that is a code.",
        ] {
            assert!(text.contains(docs), "{export} lacks `{docs}`:\n{text}");
        }
        assert!(!text.contains("Never seen by others."), "{export}");
    }
}
