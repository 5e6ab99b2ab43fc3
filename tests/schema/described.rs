//! What is in a description.

use zmqrpc::Client;
use zmqrpc::schema::{self, Body, Payload, Shape};

use super::support::within;
use super::warehouse::{self, WarehouseClient};

fn list(shape: Shape) -> Shape {
    Shape::List(Box::new(shape))
}

fn option(shape: Shape) -> Shape {
    Shape::Option(Box::new(shape))
}

fn named(name: &str) -> Shape {
    Shape::Type(name.to_owned())
}

#[test]
fn a_trait_is_described_with_its_documentation_and_options() {
    let description = schema::of::<WarehouseClient>();
    assert_eq!((description.format, description.services.len()), (1, 1));
    let service = &description.services[0];
    assert_eq!((&*service.name, service.version), ("house.Warehouse", 3));
    assert_eq!(service.docs, "Keeps stock.\n\nIn one house.");
    let names = service.methods.iter().map(|method| &*method.name);
    assert!(names.eq(["place", "on_hand", "label", "close", "nothing"]));

    let on_hand = service.method("on_hand").unwrap();
    assert_eq!(on_hand.docs, "How much there is.");
    assert_eq!(on_hand.signature, "(Sku, Option<String>) -> Option<u32>");
    assert_eq!((on_hand.idempotent, on_hand.timeout_ms), (true, Some(1500)));
    assert_eq!((on_hand.oneway, &on_hand.deprecated), (false, &None));
    assert!(service.method("close").unwrap().oneway);
    let label = service.method("label").unwrap();
    assert_eq!(
        label.deprecated.as_deref(),
        Some("labels are printed elsewhere")
    );
    assert_eq!(service.full_name(label), "house.Warehouse.label");
    assert_eq!(
        description.method("house.Warehouse.label"),
        Some((service, label))
    );
}

#[test]
fn the_shapes_of_a_method_are_those_that_travel() {
    let description = schema::of::<WarehouseClient>();
    let shapes = |name: &str| {
        let method = description.services[0].method(name).unwrap();
        let arguments = method.arguments.iter();
        let arguments: Vec<_> = arguments
            .map(|argument| (&*argument.name, argument.shape.clone()))
            .collect();
        (arguments, method.reply.clone(), method.error.clone())
    };
    let map = Shape::Map(Box::new(named("Sku")), Box::new(Shape::U32));
    assert_eq!(
        shapes("place"),
        (
            vec![("order", named("Order"))],
            map,
            Some(named("StockError"))
        )
    );
    let arguments = vec![("sku", named("Sku")), ("at", option(Shape::String))];
    assert_eq!(shapes("on_hand"), (arguments, option(Shape::U32), None));
    let arguments = vec![("picture", Shape::Bytes), ("copies", Shape::Bytes)];
    assert_eq!(shapes("label"), (arguments, Shape::Bytes, None));
    assert_eq!(
        shapes("close"),
        (vec![("final", Shape::Bool)], Shape::Unit, None)
    );
    assert_eq!(shapes("nothing"), (vec![], Shape::Unit, None));

    let types = description.types.keys().map(String::as_str);
    assert!(types.eq(["Duration", "Line", "Order", "Sku", "StockError"]));
    let Body::Struct(order) = &description.types["Order"].body else {
        panic!("{:?}", description.types["Order"]);
    };
    let fields = order.fields.iter();
    let fields: Vec<_> = fields
        .map(|field| (&*field.name, field.shape.clone(), field.optional))
        .collect();
    assert_eq!(
        fields,
        [
            ("number", Shape::U64, false),
            ("lines", list(named("Line")), false),
            ("note", option(Shape::String), true),
            ("within", named("Duration"), true),
        ]
    );
    let Body::Enum(error) = &description.types["StockError"].body else {
        panic!("{:?}", description.types["StockError"]);
    };
    assert_eq!(error.variants[0].body, Payload::One(named("Sku")));
    assert_eq!(error.variants[2].body, Payload::Unit);
    let sku = &description.types["Sku"];
    assert_eq!(
        (&sku.body, sku.example.as_deref()),
        (&Body::Is(Shape::String), Some("00"))
    );
    assert_eq!(sku.rust, std::any::type_name::<warehouse::Sku>());
}

#[test]
fn the_arguments_of_a_hand_written_command_are_its_fields() {
    let limit = std::time::Duration::from_secs(20);
    within(limit, || {
        let server = warehouse::bound().start().unwrap();
        let description = Client::connect(&server.endpoints()[0])
            .unwrap()
            .describe()
            .unwrap();
        let (service, greet) = description.method("greet").unwrap();
        assert_eq!((&*service.name, service.version), ("", 2));
        assert_eq!(greet.docs, "Says hello.");
        let arguments = greet.arguments.iter();
        let arguments: Vec<_> = arguments
            .map(|argument| (&*argument.name, argument.shape.to_string()))
            .collect();
        assert_eq!(
            arguments,
            [("name", "string".into()), ("loudly", "bool".to_owned())]
        );
    });
}

#[test]
fn the_canonical_text_says_what_changes_a_byte() {
    let description = schema::of::<WarehouseClient>();
    let canonical = |name: &str| {
        let method = description.services[0].method(name).unwrap();
        description.canonical(method)
    };
    assert_eq!(
        canonical("place"),
        "{number:u64,lines:list<{sku:string,count:u32,},>,note:option<string,>,\
         within:{secs:u64,nanos:u32,},},->map<string,u32,>|[Unknown=string|OutOfStock\
         {sku:string,on_hand:u32,}|Closed|]"
    );
    assert_eq!(
        canonical("on_hand"),
        "string,option<string,>,->option<u32,>"
    );
    assert_eq!(canonical("nothing"), "->unit");
}

mod calculator {
    use std::collections::HashMap;

    use serde::{Deserialize, Serialize};
    use zmqrpc::zmq_service;

    #[derive(Serialize, Deserialize)]
    pub(crate) struct Item {
        sku: String,
        tags: HashMap<String, [u8; 4]>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(crate) enum Expr {
        Number(f64),
        Add(Box<Expr>, Box<Expr>),
        Named { name: String },
    }

    #[derive(Serialize, Deserialize)]
    pub(crate) enum Error {
        Unknown(String),
        Endless,
    }

    #[derive(Serialize, Deserialize)]
    pub(crate) enum Unit {
        Degree,
        Other(String),
        #[serde(other)]
        Unknown,
    }

    #[zmq_service]
    pub(crate) trait Calculator {
        fn add(&self, a: i64, b: i64) -> i64;
        fn nothing(&self);
        fn find(&self, sku: &str, near: Option<(f64, f64)>) -> Vec<Item>;
        fn eval(&self, of: Expr) -> Result<f64, Error>;
        fn unit(&self) -> Unit;
    }
}

mod odd_names {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    pub(crate) struct One {
        #[serde(rename = "a:u8,b")]
        both: u8,
        #[serde(rename = "")]
        none: u8,
        #[serde(rename = "\"\\")]
        quoted: u8,
        #[serde(rename = "größe-1")]
        plain: u8,
    }

    #[zmqrpc::zmq_service]
    pub(crate) trait Odd {
        fn one(&self) -> One;
    }
}

#[test]
fn names_of_fields_cannot_be_taken_for_several() {
    let description = schema::of::<odd_names::OddClient>();
    let method = &description.services[0].methods[0];
    assert_eq!(
        description.canonical(method),
        r#"->{"a:u8,b":u8,"":u8,"\"\\":u8,"größe-1":u8,}"#
    );
}

/// The table at the end of `PROTOCOL.md`.
#[test]
fn canonical_texts_and_fingerprints_are_those_of_the_protocol() {
    let protocol = include_str!("../../PROTOCOL.md");
    let description = schema::of::<calculator::CalculatorClient>();
    let methods = &description.services[0].methods;
    assert_eq!(methods.len(), 5);
    for method in methods {
        let canonical = description.canonical(method).replace('|', "\\|");
        let row = format!("| `{canonical}` | `{}` |", method.fingerprint);
        assert!(protocol.contains(&row), "{row}");
    }
}
