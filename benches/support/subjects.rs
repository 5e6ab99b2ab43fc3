//! Crates to be compiled: a service of many methods with many types of its own, as a server and as a client.

use std::fmt::Write as _;

/// The number of methods.
pub(crate) const METHODS: usize = 64;
/// The number of types that they take and return: four fifths are structs of three to seven fields, the rest enums.
pub(crate) const TYPES: usize = 40;

const SCALARS: [&str; 9] = [
    "u8",
    "u32",
    "i64",
    "f64",
    "bool",
    "String",
    "Option<String>",
    "Vec<u16>",
    "BTreeMap<String, u32>",
];

/// Returns a program that serves the service.
pub(crate) fn server_source() -> String {
    let main = "fn main() {\n    let server = zmqrpc::Server::builder()\n        \
                .service(SubjectServer::new(Worker))\n        .bind(\"tcp://127.0.0.1:*\")\n        \
                .start()\n        .unwrap();\n    println!(\"{:?}\", server.endpoints());\n}\n";
    service() + main
}

/// Returns a program that calls each method.
pub(crate) fn client_source() -> String {
    let mut source = service();
    source += "fn some<T>() -> T {\n    std::hint::black_box(None).unwrap()\n}\n\nfn main() {\n    \
               let client = SubjectClient::connect(\"tcp://127.0.0.1:1\").unwrap();\n";
    for method in 0..METHODS {
        let call = format!("client.method_{method}(some(), some()).is_ok()");
        writeln!(source, "    println!(\"{{}}\", {call});").expect("a text grows");
    }
    source + "}\n"
}

/// Returns the types, the trait and a type that implements it. The same each time.
fn service() -> String {
    let mut choices = Choices(7);
    let mut source = String::from(
        "#![allow(dead_code)]\n\nuse std::collections::BTreeMap;\n\nuse serde::{Deserialize, Serialize};\n\n",
    );
    for number in 0..TYPES {
        source += "#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\n";
        let mut part = || choices.part(number);
        if number % 5 == 4 {
            let [one, two, three, four, five] = [part(), part(), part(), part(), part()];
            writeln!(
                source,
                "pub enum Type{number} {{ Unit, One({one}), Two({two}, {three}), Named {{ x: {four}, y: {five} }} }}"
            )
            .expect("a text grows");
        } else {
            let fields: Vec<_> = (0..3 + number % 5)
                .map(|field| format!("field_{field}: {}", part()))
                .collect();
            writeln!(
                source,
                "pub struct Type{number} {{ {} }}",
                fields.join(", ")
            )
            .expect("a text grows");
        }
    }
    let (mut methods, mut bodies) = (String::new(), String::new());
    for method in 0..METHODS {
        let first = ["&str", "&[u8]", "u64", "Type1"][method % 4];
        let (second, reply) = (choices.below(TYPES), choices.below(TYPES));
        let mut reply = format!("Type{reply}");
        if method % 3 == 0 {
            reply = format!("Result<{reply}, Type{}>", 4 + 5 * choices.below(TYPES / 5));
        }
        let head = format!("fn method_{method}(&self, a: {first}, b: Type{second}) -> {reply}");
        writeln!(methods, "    {head};").expect("a text grows");
        writeln!(
            bodies,
            "    {head} {{ drop((a, b)); panic!(\"only compiled\") }}"
        )
        .expect("a text grows");
    }
    source
        + "\n#[zmqrpc::zmq_service]\npub trait Subject {\n"
        + &methods
        + "}\n\npub struct Worker;\n\nimpl Subject for Worker {\n"
        + &bodies
        + "}\n\n"
}

/// Numbers that look drawn.
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        // The constants of Knuth's MMIX.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % limit
    }

    /// Returns the type of a part of the type with this number: a scalar, or one of those before.
    fn part(&mut self, number: usize) -> String {
        if number > 3 && self.below(5) < 2 {
            let before = self.below(number);
            return match self.below(3) {
                0 => format!("Type{before}"),
                1 => format!("Vec<Type{before}>"),
                _ => format!("Option<Type{before}>"),
            };
        }
        SCALARS[self.below(SCALARS.len())].to_owned()
    }
}
