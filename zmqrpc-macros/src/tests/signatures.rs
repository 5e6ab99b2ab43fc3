//! Signatures are part of a method's key: this table may grow, its lines must never change.

use syn::{ReturnType, Signature, parse_str};

use crate::output::Output;
use crate::signature::signature;

const TABLE: &[(&str, &str)] = &[
    ("fn f()", "() -> ()"),
    ("fn f() -> ()", "() -> ()"),
    ("fn f(a: i64, b: i64) -> i64", "(i64, i64) -> i64"),
    ("async fn f(first: i64) -> i64", "(i64) -> i64"),
    ("fn f(a: &str)", "(String) -> ()"),
    ("fn f(a: &'_ str)", "(String) -> ()"),
    ("fn f(a: String)", "(String) -> ()"),
    ("fn f(a: &String)", "(String) -> ()"),
    ("fn f(a: &[u8])", "(Vec<u8>) -> ()"),
    ("fn f(a: Vec<u8>)", "(Vec<u8>) -> ()"),
    ("fn f(a: &Vec<u8>)", "(Vec<u8>) -> ()"),
    ("fn f(a: &[Item])", "(Vec<Item>) -> ()"),
    ("fn f(a: &Item)", "(Item) -> ()"),
    ("fn f(a: Item)", "(Item) -> ()"),
    ("fn f(a: Option<&str>)", "(Option<String>) -> ()"),
    ("fn f(a: Option<&[u8]>)", "(Option<Vec<u8>>) -> ()"),
    ("fn f(a: Option<&[Item]>)", "(Option<Vec<Item>>) -> ()"),
    ("fn f(a: Option<&Item>)", "(Option<Item>) -> ()"),
    (
        "fn f(a: std::option::Option<&str>)",
        "(std::option::Option<String>) -> ()",
    ),
    (
        "fn f(a: ::std::vec::Vec<u8>)",
        "(::std::vec::Vec<u8>) -> ()",
    ),
    ("fn f(a: Vec::<u8>)", "(Vec<u8>) -> ()"),
    (
        "fn f(a: HashMap< String ,u64 >)",
        "(HashMap<String, u64>) -> ()",
    ),
    (
        "fn f(a: HashMap<String, Vec<(i8, u8)>,>)",
        "(HashMap<String, Vec<(i8, u8)>>) -> ()",
    ),
    ("fn f(a: Cow<'static, str>)", "(Cow<str>) -> ()"),
    ("fn f(a: Marker<'static>)", "(Marker) -> ()"),
    ("fn f(a: Box<str>)", "(Box<str>) -> ()"),
    ("fn f(a: Box<[u8]>)", "(Box<[u8]>) -> ()"),
    (
        "fn f(a: (A, B), c: (A,), d: ())",
        "((A, B), (A,), ()) -> ()",
    ),
    ("fn f(a: (A), b: (&str))", "(A, String) -> ()"),
    ("fn f(a: [u8; 4])", "([u8; 4]) -> ()"),
    ("fn f(a: [u8; N + 1])", "([u8; N+1]) -> ()"),
    (
        "fn f(a: [u8; { size_of::<u64>() as usize }])",
        "([u8; {size_of::<u64>()as usize}]) -> ()",
    ),
    ("fn f(a: Matrix<3, { N }>)", "(Matrix<3, {N}>) -> ()"),
    ("fn f(a: <A as b::C>::D)", "(<A as b::C>::D) -> ()"),
    ("fn f(a: <A>::D)", "(<A>::D) -> ()"),
    ("fn f(a: r#type::Item)", "(type::Item) -> ()"),
    (
        "fn f() -> Result<i64, DivideError>",
        "() -> Result<i64, DivideError>",
    ),
    ("fn f() -> io::Result<()>", "() -> io::Result<()>"),
];

fn printed(declaration: &str) -> String {
    let declared: Signature = parse_str(declaration).expect("a declaration");
    let arguments = declared.inputs.iter().map(|input| match input {
        syn::FnArg::Typed(typed) => &*typed.ty,
        syn::FnArg::Receiver(_) => panic!("a receiver has no place in a signature"),
    });
    signature(arguments, Output::of_method(&declared.output).signature)
}

#[test]
fn signatures_print_in_their_normal_form() {
    for (declaration, expected) in TABLE {
        assert_eq!(printed(declaration), *expected, "for `{declaration}`");
    }
}

#[test]
fn white_space_does_not_change_a_signature() {
    let spread = "fn f ( a : & [ Item ] , b : Option < & str > ) -> Vec < ( i64 , ) >";
    let dense = "fn f(a:&[Item],b:Option<&str>)->Vec<(i64,)>";
    assert_eq!(printed(spread), printed(dense));
}

#[test]
fn the_invisible_groups_of_macros_do_not_change_a_signature() {
    let inner: proc_macro2::TokenStream = quote::quote!(&str);
    let group = proc_macro2::Group::new(proc_macro2::Delimiter::None, inner);
    let output: ReturnType = syn::parse2(quote::quote!(-> #group)).expect("a return type");
    assert_eq!(Output::of_method(&output).signature, "String");
}
