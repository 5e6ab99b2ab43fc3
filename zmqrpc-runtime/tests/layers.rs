//! The layers as the documentation of `src/lib.rs` draws them, held against the sources; and what `ARCHITECTURE.md` says
//! that a module must not know, although it is in a layer below.
//!
//! The drawing is the table: `a < b, c` lets `b` and `c` use `a`, and neither `a` use them nor `b` and `c` each other.
//! `socket` draws its files in the same way.

#[path = "layers/socket_files.rs"]
mod socket_files;
#[path = "layers/type_names.rs"]
mod type_names;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// Beside each other in the drawing, yet the first may use the second.
const NEIGHBOURS: [(&str, &str); 1] = [("command", "error")];

/// What one module alone may say, and which.
const RESERVED: [(&str, &str); 6] = [
    ("native", "dialect"),
    ("PoisonError", "sync"),
    ("tracing", "log"),
    ("zmq", "socket"),
    ("zmq_sys", "socket"),
    ("unsafe", "socket"),
];

#[test]
fn the_sources_keep_to_the_layers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let docs = fs::read_to_string(root.join("../../ARCHITECTURE.md")).unwrap();
    let layers = Layers::drawn_in(&fs::read_to_string(root.join("lib.rs")).unwrap()).with(&docs);
    let files = rust_files(&root);
    let mut modules = BTreeSet::new();
    let mut violations = Vec::new();
    for file in files {
        let path = file.strip_prefix(&root).unwrap();
        let module = module_path(path);
        // The crate's root names everything: it is what re-exports.
        let Some(top) = module.first() else { continue };
        modules.insert(top.clone());
        let source = fs::read_to_string(&file).unwrap();
        let unknown = layers.unknown_to(top);
        for violation in layers.violations(&module, &source, &unknown) {
            violations.push(format!("{}: {violation}", path.display()));
        }
    }
    assert_eq!(violations, Vec::<String>::new());
    let drawn: BTreeSet<String> = layers.drawing.concat().into_iter().collect();
    assert_eq!(modules, drawn, "the drawing and the modules differ");
    let described: BTreeSet<String> = layers.must_not_know.keys().cloned().collect();
    assert_eq!(modules, described, "the table and the modules differ");
}

#[test]
fn a_violation_is_found_however_it_is_written() {
    let layers = Layers::drawn_in("//! wire < codec < socket < command, error < client, server")
        .with("| `codec` | values | `wire`, a `Method` |");
    for (module, source, found) in [
        ("codec", "use crate::wire::Status;", "must not know `wire`"),
        ("codec", "fn f(method: Method) {}", "must not know `Method`"),
        ("wire", "use crate::socket::Message;", "uses `socket`"),
        ("client", "use crate::server::Server;", "uses `server`"),
        (
            "server",
            "use crate::{error::Error, client};",
            "uses `client`",
        ),
        (
            "server",
            "use crate::{wire::{self, Kind}, client::{Client}};",
            "uses `client`",
        ),
        ("server", "fn f() { crate::client::f() }", "uses `client`"),
        (
            "server",
            "call!(here, crate::client::f());",
            "uses `client`",
        ),
        ("error", "use crate::command::Method;", "uses `command`"),
        (
            "codec",
            "use ::crate_like::x; use crate::Client;",
            "uses `Client`",
        ),
        ("codec", "use crate::*;", "names the crate's root"),
        ("codec", "use crate as all;", "names the crate's root"),
        (
            "codec",
            "use super::socket;",
            "leaves its module by `super`",
        ),
        (
            "codec::kind",
            "use super::super::socket;",
            "leaves its module by `super`",
        ),
        (
            "codec",
            "mod inner { use super::super::socket; }",
            "leaves its module by `super`",
        ),
        ("client", "use zmq::Socket;", "says `zmq`"),
        ("client", "extern crate zmq_sys as sys;", "says `zmq_sys`"),
        ("client", "fn f() { unsafe { g() } }", "says `unsafe`"),
        ("proxy", "use crate::wire::Kind;", "is not in the drawing"),
    ] {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        let violations = layers.violations(&module, source, &layers.unknown_to(&module[0]));
        assert!(
            violations.len() == 1 && violations[0].contains(found),
            "`{source}` in {module:?}: {violations:?}"
        );
    }
}

#[test]
fn what_is_allowed_is_no_violation() {
    let layers = Layers::drawn_in("//! wire < codec < socket < command, error < client, server");
    for (module, source) in [
        (
            "client::link",
            "use crate::{client::core, command::Command, wire::*};",
        ),
        ("client::link", "use super::core::Core;"),
        ("codec::tests::text", "use super::super::Codec;"),
        ("command", "use crate::error::Error;"),
        ("socket::raw", "use zmq::Socket; unsafe fn f() {}"),
        ("wire", "mod tests { use super::*; }"),
        (
            "wire",
            "//! Not [a client](crate::client), no zmq.\nconst T: &str = \"crate::server unsafe\";",
        ),
        ("wire", "pub(crate) fn f() {} // crate::client"),
    ] {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        assert_eq!(
            layers.violations(&module, source, &layers.unknown_to(&module[0])),
            Vec::<String>::new(),
            "{source}"
        );
    }
}

struct Layers {
    /// Lowest first.
    drawing: Vec<Vec<String>>,
    must_not_know: BTreeMap<String, BTreeSet<String>>,
}

impl Layers {
    fn drawn_in(docs: &str) -> Self {
        let drawing = docs
            .lines()
            .filter_map(|line| line.strip_prefix("//! "))
            .find(|line| line.contains(" < "))
            .expect("the documentation draws no layers");
        let layer = |names: &str| {
            names
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect()
        };
        Self {
            drawing: drawing.split('<').map(layer).collect(),
            must_not_know: BTreeMap::new(),
        }
    }

    /// Reads the rows of a table, of modules in the first column and what they must not know in the last one.
    fn with(mut self, table: &str) -> Self {
        for row in table.lines() {
            let columns: Vec<&str> = row.trim_matches('|').split('|').collect();
            let [modules, _, unknown] = columns[..] else {
                continue;
            };
            for module in code(modules) {
                if self.height(module).is_some() {
                    let names = code(unknown).map(str::to_owned).collect();
                    self.must_not_know.insert(module.to_owned(), names);
                }
            }
        }
        self
    }

    fn unknown_to(&self, module: &str) -> BTreeSet<String> {
        let names = self.must_not_know.get(module);
        names.cloned().unwrap_or_default()
    }

    fn height(&self, module: &str) -> Option<usize> {
        self.drawing
            .iter()
            .position(|layer| layer.iter().any(|name| name == module))
    }

    fn may_use(&self, from: &str, to: &str) -> bool {
        from == to
            || NEIGHBOURS.contains(&(from, to))
            || self
                .height(to)
                .is_some_and(|height| Some(height) < self.height(from))
    }

    fn violations(
        &self,
        module: &[String],
        source: &str,
        unknown: &BTreeSet<String>,
    ) -> Vec<String> {
        let top = &module[0];
        if self.height(top).is_none() {
            return vec![format!("`{top}` is not in the drawing")];
        }
        let mut found = Found::default();
        // Tokens, so that comments and texts do not count and the insides of macros do.
        let tokens: TokenStream = source.parse().expect("the source does not parse");
        found.scan(tokens, module.len());
        let uses = found.used.iter().filter(|used| !self.may_use(top, used));
        let says = RESERVED
            .iter()
            .filter(|(word, owner)| found.words.contains(*word) && top != owner);
        // Modules behind `crate::`, types by their names wherever they stand.
        let types = found
            .words
            .iter()
            .filter(|word| self.height(word).is_none());
        let knows = found.used.iter().chain(types);
        let knows = knows.filter(|name| unknown.contains(*name));
        uses.map(|used| format!("`{top}` uses `{used}`"))
            .chain(
                knows
                    .filter(|used| self.height(used).is_none() || self.may_use(top, used))
                    .map(|used| format!("`{top}` must not know `{used}`")),
            )
            .chain(says.map(|(word, owner)| format!("`{top}` says `{word}`, only `{owner}` may")))
            .chain(found.escapes)
            .collect()
    }
}

/// The names between backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What a source names.
#[derive(Default)]
struct Found {
    /// The first names behind `crate::`.
    used: BTreeSet<String>,
    words: BTreeSet<String>,
    /// Paths that cannot be followed to a module.
    escapes: BTreeSet<String>,
}

impl Found {
    /// `depth` is the number of modules that we are in.
    fn scan(&mut self, tokens: TokenStream, depth: usize) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => {
                    let inline = at >= 2 && is(&tokens[at - 2], "mod");
                    self.scan(group.stream(), depth + usize::from(inline));
                }
                TokenTree::Ident(ident) => {
                    self.words.insert(ident.to_string());
                    let extern_crate = at >= 1 && is(&tokens[at - 1], "extern");
                    if ident == "crate" && !extern_crate && !is_visibility(&tokens, at) {
                        self.follow(behind_colons(&tokens, at));
                    }
                    let chained = at >= 3 && is(&tokens[at - 3], "super");
                    if ident == "super" && !chained && supers(&tokens, at) >= depth {
                        self.escapes
                            .insert("leaves its module by `super`, write `crate::`".into());
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    fn follow(&mut self, token: Option<&TokenTree>) {
        match token {
            Some(TokenTree::Ident(name)) => {
                self.used.insert(name.to_string());
            }
            // `crate::{a, b::c}`: the first name of each.
            Some(TokenTree::Group(group)) => {
                let mut first = true;
                for token in group.stream() {
                    if first {
                        self.follow(Some(&token));
                    }
                    first = matches!(&token, TokenTree::Punct(comma) if comma.as_char() == ',');
                }
            }
            _ => {
                self.escapes
                    .insert("names the crate's root, name a module".into());
            }
        }
    }
}

fn is(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// `pub(crate)`, whose parentheses hold nothing else.
fn is_visibility(tokens: &[TokenTree], at: usize) -> bool {
    at == 0 && tokens.len() == 1
}

fn behind_colons(tokens: &[TokenTree], at: usize) -> Option<&TokenTree> {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    if colon(tokens.get(at + 1)) && colon(tokens.get(at + 2)) {
        tokens.get(at + 3)
    } else {
        None
    }
}

/// How many `super` stand in a row.
fn supers(tokens: &[TokenTree], mut at: usize) -> usize {
    // `pub(super)` names the parent and uses nothing of it.
    let mut count = usize::from(!is_visibility(tokens, at));
    while behind_colons(tokens, at).is_some_and(|next| is(next, "super")) {
        count += 1;
        at += 3;
    }
    count
}

/// `client/link.rs` is `client::link`; the crate's root has no name.
fn module_path(file: &Path) -> Vec<String> {
    let names = file.with_extension("");
    names
        .iter()
        .map(|name| name.to_str().unwrap().to_owned())
        .filter(|name| name != "mod" && name != "lib")
        .collect()
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
