//! Each rule gives one error, and the rest of the expansion remains.

use proc_macro2::TokenStream;
use quote::quote;

use super::expansion::{derive, documented, errors, pretty, service};

/// The methods of a service, and the beginning of the one error that they cause.
#[rustfmt::skip] // One rule, one line.
const METHODS: &[(&str, &str)] = &[
    ("fn f<T>(&self);", "a method of a service has no generics"),
    ("fn f<'a>(&self, a: &'a str);", "a method of a service has no generics"),
    ("fn f(&self) where Self: Sized;", "a method of a service has no `where` clause"),
    ("const fn f(&self);", "a method of a service cannot be `const`"),
    ("unsafe fn f(&self);", "a method of a service cannot be `unsafe`"),
    ("extern \"C\" fn f(&self);", "a method of a service has Rust's own calling convention"),
    ("fn f();", "a method of a service needs `&self`"),
    ("fn f(a: u8);", "a method of a service needs `&self`"),
    ("fn f(self);", "a service is shared by all calls"),
    ("fn f(&mut self);", "a service is shared by all calls"),
    ("fn f(self: Arc<Self>);", "a service is shared by all calls"),
    ("fn f(&'static self);", "a service is shared by all calls"),
    ("fn f(&self, _: u8);", "an argument's name is a field of the command"),
    ("fn f(&self, (a, b): (u8, u8)) {}", "an argument's name is a field of the command"),
    ("fn f(&self, mut a: u8) {}", "an argument's name is a field of the command"),
    ("fn f(&self, #[cfg(unix)] a: u8);", "both ends of a call need the same arguments"),
    ("fn f(&self, #[zmq(name = \"b\")] a: u8);", "an argument has no options"),
    ("fn f(&self, a: &mut u8);", "what a method changes cannot travel back"),
    ("fn f(&self, a: &'static str);", "an argument is borrowed for the call and no longer"),
    ("fn f(&self, a: Vec<&str>);", "an argument borrows at its top level"),
    ("fn f(&self, a: (u8, &str));", "an argument borrows at its top level"),
    ("fn f(&self, a: &&str);", "an argument borrows at its top level"),
    ("fn f(&self, a: &[&str]);", "an argument borrows at its top level"),
    ("fn f(&self, a: Option<Option<&str>>);", "an argument borrows at its top level"),
    ("fn f(&self, a: Cow<'_, str>);", "only `&` borrows here"),
    ("fn f(&self, a: impl Display);", "the type has to be the same at both ends"),
    ("fn f(&self, a: &dyn Display);", "the type has to be the same at both ends"),
    ("fn f(&self, a: Self);", "`Self` is the service at one end"),
    ("fn f(&self, a: Vec<Self::Item>);", "`Self` is the service at one end"),
    ("fn f(&self) -> &str;", "a reply is owned"),
    ("fn f(&self) -> Result<Vec<&str>, E>;", "a reply is owned"),
    ("fn f(&self) -> impl Display;", "the type has to be the same at both ends"),
    ("fn f(&self) -> Self;", "`Self` is the service at one end"),
    ("fn f(&self, a: u8, cx: &CallContext);", "the call's context is filled in by the server"),
    ("fn f(&self, cx: CallContext);", "the call's context is filled in by the server"),
    ("fn new(&self);", "the client has a method `new` of its own"),
    ("fn with_topic(&self);", "the client has a method `with_topic` of its own"),
    ("fn client(&self);", "the command of this method would be another `XClient`"),
    ("fn a_b(&self); fn aB(&self);", "the command of this method would be another `XAB`"),
    ("#[zmq(name = \"g\")] fn f(&self); fn g(&self);", "the service has another method"),
    ("#[zmq(oneway)] fn f(&self) -> u8;", "nobody waits for a oneway method"),
    ("#[zmq(oneway)] fn f(&self) -> Result<(), E>;", "nobody waits for a oneway method"),
    ("#[zmq] fn f(&self);", "expected a list of options, `#[zmq(..)]`"),
    ("#[zmq = \"f\"] fn f(&self);", "expected a list of options, `#[zmq(..)]`"),
    ("#[zmq(nam = \"f\")] fn f(&self);", "unknown option `nam`, expected one of `name`, `idempotent`"),
    ("#[zmq(name)] fn f(&self);", "the option `name` needs a value"),
    ("#[zmq(name = 1)] fn f(&self);", "expected string literal"),
    ("#[zmq(name = \"\")] fn f(&self);", "a name on the wire is not empty"),
    ("#[zmq(name = \"a b\")] fn f(&self);", "a name on the wire is not empty"),
    ("#[zmq(name = \"a.b\")] fn f(&self);", "a method's name has no dot"),
    ("#[zmq(name = \"a\", name = \"b\")] fn f(&self);", "option `name` is given twice"),
    ("#[zmq(idempotent)] #[zmq(idempotent)] fn f(&self);", "option `idempotent` is given twice"),
    ("#[zmq(idempotent = true)] fn f(&self);", "expected a comma after the option `idempotent`"),
    ("#[zmq(command = \"a b\")] fn f(&self);", "a command is a struct"),
    ("#[zmq(timeout = \"2 s\")] fn f(&self);", "a timeout is a whole number"),
    ("#[zmq(timeout = \"0ms\")] fn f(&self);", "a timeout is a whole number"),
    ("#[zmq(timeout = \"1.5s\")] fn f(&self);", "a timeout is a whole number"),
    ("#[zmq(timeout = \"9999999999999999999h\")] fn f(&self);", "a timeout is a whole number"),
    ("#[cfg_attr(unix, zmq(oneway))] fn f(&self);", "options cannot be conditional"),
    ("type Item;", "a service has methods only"),
    ("const LIMIT: u8;", "a service has methods only"),
    ("methods!();", "a service has methods only"),
];

/// Whole services, and the beginning of the one error that they cause.
#[rustfmt::skip]
const SERVICES: &[(&str, &str, &str)] = &[
    ("", "trait X<T> { fn f(&self, a: T); }", "a service has no generics"),
    ("", "trait X<'a> {}", "a service has no generics"),
    ("", "trait X where Self: Sized {}", "a service has no `where` clause"),
    ("", "unsafe trait X {}", "a service cannot be `unsafe`"),
    ("", "auto trait X {}", "a service cannot be an `auto` trait"),
    ("", "#[zmq(name = \"x\")] trait X {}", "`#[zmq(..)]` is for methods"),
    ("", "struct X;", "`#[zmq_service]` makes a service of a trait"),
    ("", "impl X for Y {}", "`#[zmq_service]` makes a service of a trait"),
    ("nam = \"x\"", "trait X {}", "unknown option `nam`, expected one of `name`, `version`, `crate`"),
    ("name = \"x\", name = \"y\"", "trait X {}", "option `name` is given twice"),
    ("name = \"\"", "trait X {}", "a name on the wire is not empty"),
    ("version = \"1\"", "trait X {}", "expected integer literal"),
    ("version = 99999999999", "trait X {}", "number too large"),
    ("name = \"x\" version = 2", "trait X {}", "expected a comma after the option `name`"),
];

#[rustfmt::skip]
const COMMANDS: &[(&str, &str)] = &[
    ("enum X { A }", "a command is a struct: one command per variant"),
    ("union X { a: u8 }", "a command is a struct: a union cannot be serialized"),
    ("struct X<T>(T);", "a command has no type parameters"),
    ("struct X<const N: usize>;", "a command has no type parameters"),
    ("#[command(oneway, reply = u8)] struct X;", "nobody waits for a oneway command"),
    ("#[command(reply = &'static str)] struct X;", "a reply is owned"),
    ("#[command(replies = u8)] struct X;", "unknown option `replies`, expected one of `reply`"),
    ("#[command] struct X;", "expected a list of options, `#[command(..)]`"),
];

#[rustfmt::skip]
const DOCUMENTED: &[(&str, &str)] = &[
    ("union X { a: u8 }", "a documented type is a struct or an enum"),
    ("#[documented] struct X;", "expected a list of options, `#[documented(..)]`"),
    ("#[documented(name = \"x\")] struct X;", "unknown option `name`, expected one of `crate`"),
    ("#[documented(crate)] struct X;", "the option `crate` needs a value"),
    ("#[documented(crate = a)] #[documented(crate = b)] struct X;", "option `crate` is given twice"),
    ("struct X(#[documented(crate = a)] u8);", "`#[documented(..)]` is for the type"),
    ("enum X { #[documented] A }", "`#[documented(..)]` is for the type"),
    ("enum X { A { #[documented()] a: u8 } }", "`#[documented(..)]` is for the type"),
];

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("tokens")
}

#[track_caller]
fn assert_one_error(found: &[String], expected: &str, source: &str) {
    match found {
        [error] if error.starts_with(expected) => {}
        _ => panic!("expected one error, `{expected}..`, got {found:?} for `{source}`"),
    }
}

#[test]
fn each_rule_for_methods_gives_one_error() {
    for (methods, expected) in METHODS {
        let expansion = service(quote!(), &tokens(&format!("trait X {{ {methods} }}")));
        assert_one_error(&errors(&expansion), expected, methods);
    }
}

#[test]
fn each_rule_for_services_gives_one_error() {
    for (options, item, expected) in SERVICES {
        let expansion = service(tokens(options), &tokens(item));
        assert_one_error(&errors(&expansion), expected, item);
    }
}

#[test]
fn each_rule_for_derived_commands_gives_one_error() {
    for (item, expected) in COMMANDS {
        assert_one_error(&errors(&derive(tokens(item))), expected, item);
    }
}

#[test]
fn each_rule_for_documented_types_gives_one_error() {
    for (item, expected) in DOCUMENTED {
        let expansion = documented(tokens(item));
        assert_one_error(&errors(&expansion), expected, item);
        assert!(
            pretty(&expansion).contains("Documented for X"),
            "for `{item}`"
        );
    }
}

#[test]
fn wrong_attributes_of_serde_are_left_to_serde() {
    let item = "#[serde(rename_all = \"cAmEl\", rename = 1, 5)] struct X { #[serde] a: u8, #[serde(rename())] b: u8 }";
    assert_eq!(errors(&documented(tokens(item))), Vec::<String>::new());
}

#[test]
fn sixteen_arguments_are_accepted_and_seventeen_are_not() {
    let with_arguments = |count: u8| {
        let arguments: Vec<String> = (0..count).map(|index| format!(", a{index}: u8")).collect();
        let arguments = arguments.concat();
        let item = format!("trait X {{ fn f(&self{arguments}); }}");
        errors(&service(quote!(), &tokens(&item)))
    };
    assert_eq!(with_arguments(16), Vec::<String>::new());
    assert_one_error(
        &with_arguments(17),
        "17 arguments, at most 16",
        "17 arguments",
    );
}

#[test]
fn all_errors_are_reported_at_once() {
    let item = quote! {
        trait X {
            fn generic<T>(&self);
            fn owned(self, a: Vec<&str>, _: u8) -> &str;
            type Item;
            #[zmq(timeout = "soon", nam = "x", oneway)]
            fn options(&self) -> u8;
        }
    };
    let found = errors(&service(quote!(nam = 1, versoin = 2), &item));
    assert_eq!(found.len(), 2 + 1 + 1 + 1 + 3, "{found:#?}");
}

#[test]
fn methods_under_conditions_may_share_their_names() {
    let item = "trait X { #[cfg(unix)] fn f(&self); #[cfg(not(unix))] fn f(&self, a: u8); }";
    assert_eq!(
        errors(&service(quote!(), &tokens(item))),
        Vec::<String>::new()
    );
}

#[test]
fn a_placeholder_is_left_to_rustc() {
    let expansion = service(quote!(), &tokens("trait X { fn f(&self, a: Vec<_>); }"));
    assert_eq!(errors(&expansion), Vec::<String>::new());
    assert_eq!(pretty(&expansion).matches("Vec<_>").count(), 1);
}

#[test]
fn a_faulty_method_leaves_the_others_alone() {
    let item = quote! {
        trait X {
            fn sound(&self, a: u8) -> u8;
            fn callable(&self, a: Vec<&str>) -> u8;
            fn broken(&self) -> &str;
        }
    };
    let text = pretty(&service(quote!(), &item));
    assert!(text.contains("call.reply::<XSound>"));
    assert!(text.contains("fn callable(&self, a: Vec<&str>) -> T::Call"));
    assert!(!text.contains("struct XCallable"));
    assert!(!text.contains("XBroken"));
    assert!(text.contains("fn broken(&self) -> &str;"));
}

#[test]
fn the_item_survives_every_error() {
    for (options, item, _) in SERVICES {
        let text = pretty(&service(tokens(options), &tokens(item)));
        let name = if item.contains("trait X") {
            "trait X"
        } else {
            "X"
        };
        assert!(text.contains(name), "for `{item}`:\n{text}");
    }
}
