//! Types that hold themselves, or each other.

#![expect(dead_code, reason = "their shapes are of interest, and nothing else")]

use serde::Deserialize;

use super::traced;

#[derive(Deserialize)]
struct Tree {
    value: u32,
    left: Option<Box<Tree>>,
    children: Vec<Tree>,
}

/// The first variant holds the enum twice.
#[derive(Deserialize)]
enum Expr {
    Add(Box<Expr>, Box<Expr>),
    Neg(Box<Expr>),
    Number(f64),
    Named { name: String, args: Vec<Expr> },
    Nothing,
}

/// Statements and blocks hold each other, and there is no variant without parts.
#[derive(Deserialize)]
enum Statement {
    If {
        condition: Box<Condition>,
        then: Block,
        otherwise: Option<Box<Statement>>,
    },
    Loop(Block),
    Let(String, Condition),
}

#[derive(Deserialize)]
struct Block {
    statements: Vec<Statement>,
    last: Option<Box<Condition>>,
}

#[derive(Deserialize)]
enum Condition {
    Not(Box<Condition>),
    Both(Box<(Condition, Condition)>),
    Of(Box<Statement>),
    Literal(bool),
}

#[derive(Deserialize)]
enum Endless {
    Only(Box<Endless>),
}

#[derive(Deserialize)]
struct Ring(Box<Ring>);

#[test]
fn a_tree_is_complete() {
    assert_eq!(
        traced::<Tree>(),
        [
            "Tree",
            "Tree = { value: u32, left?: Tree?, children: [Tree] }"
        ]
    );
}

#[test]
fn an_enum_whose_first_variant_holds_it_twice_is_complete() {
    assert_eq!(
        traced::<Expr>(),
        [
            "Expr",
            "Expr = Add(Expr, Expr) | Neg(Expr) | Number(f64) | Named{ name: string, args: [Expr] } \
             | Nothing",
        ]
    );
}

#[test]
fn types_that_hold_each_other_are_complete() {
    let whole = [
        "Block = { statements: [Statement], last?: Condition? }",
        "Condition = Not(Condition) | Both((Condition, Condition)) | Of(Statement) | Literal(bool)",
        "Statement = If{ condition: Condition, then: Block, otherwise?: Statement? } | Loop(Block) \
         | Let(string, Condition)",
    ];
    assert_eq!(traced::<Statement>()[1..], whole);
    assert_eq!(traced::<Block>()[1..], whole);
    assert_eq!(traced::<Condition>()[1..], whole);
}

#[test]
fn a_type_without_an_end_comes_to_one() {
    assert_eq!(traced::<Endless>(), ["Endless", "Endless = Only(Endless)"]);
    assert_eq!(traced::<Ring>(), ["Ring", "Ring = Ring"]);
}
