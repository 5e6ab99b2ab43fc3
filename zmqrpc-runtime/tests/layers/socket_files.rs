//! The files of `socket` in the order that its documentation draws, held against the sources; and what those for any
//! implementation of sockets may know of the one over libzmq.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

use super::{Found, Layers, behind_colons, is, is_visibility, module_path, rust_files, supers};

/// What files outside of `libzmq` must not say.
const LIBZMQS: [&str; 3] = ["libzmq", "zmq", "zmq_sys"];

/// The files of `libzmq` that others may use, by what their folder re-exports.
const REPLACEABLE: [&str; 2] = ["frame", "server_auth"];

#[test]
fn the_files_of_sockets_keep_to_their_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let (above, libzmq) = (read("socket/mod.rs"), read("socket/libzmq/mod.rs"));
    let mut files = SocketFiles::drawn_in(&above).with_exports(&[&above, &libzmq]);
    for file in rust_files(&root.join("socket/libzmq")) {
        let module = module_path(file.strip_prefix(&root).unwrap());
        files.libzmqs.extend(file_of_module(&module));
    }
    let mut found = BTreeSet::new();
    let mut violations = Vec::new();
    for file in rust_files(&root.join("socket")) {
        let path = file.strip_prefix(&root).unwrap();
        let module = module_path(path);
        // What re-exports names everything.
        let Some(name) = file_of_module(&module) else {
            continue;
        };
        found.insert(name);
        for violation in files.violations(&module, &fs::read_to_string(&file).unwrap()) {
            violations.push(format!("{}: {violation}", path.display()));
        }
    }
    assert_eq!(violations, Vec::<String>::new());
    let drawn: BTreeSet<String> = files.order.drawing.concat().into_iter().collect();
    assert_eq!(found, drawn, "the order and the files differ");
}

/// An order of some files, of which `libzmq` has `raw`, `frame` and `monitor`.
fn example() -> SocketFiles {
    let order = "//! error, process < poller, frame < event < raw < monitor, dealer";
    let mut files = SocketFiles::drawn_in(order).with_exports(&[
        "pub use error::SocketError; use libzmq::{Frame, RawSocket}; use poller::{Poller, wait};",
        "pub(crate) use frame::Frame; pub(crate) use raw::RawSocket;",
    ]);
    files.libzmqs = ["raw", "frame", "monitor"].map(str::to_owned).into();
    files
}

#[test]
fn a_use_against_the_order_is_found_however_it_is_written() {
    for (module, source, found) in [
        (
            "socket::error",
            "use super::poller::Poller;",
            "uses `poller`",
        ),
        ("socket::error", "use super::Poller;", "uses `poller`"),
        (
            "socket::error",
            "use crate::socket::{error::SocketError, Poller as P};",
            "uses `poller`",
        ),
        (
            "socket::error",
            "fn f() { super::poller::wait() }",
            "uses `poller`",
        ),
        (
            "socket::error",
            "call!(here, crate::socket::wait());",
            "uses `poller`",
        ),
        (
            "socket::error",
            "mod tests { use super::super::Poller; }",
            "uses `poller`",
        ),
        (
            "socket::error::inner",
            "use super::super::Poller;",
            "uses `poller`",
        ),
        ("socket::poller", "use super::Frame;", "uses `frame`"),
        (
            "socket::libzmq::frame",
            "use super::raw::RawSocket;",
            "uses `raw`",
        ),
        (
            "socket::libzmq::raw",
            "use super::monitor::{self, Monitor};",
            "uses `monitor`",
        ),
        (
            "socket::libzmq::frame",
            "use crate::socket::event::Event;",
            "uses `event`",
        ),
        (
            "socket::dealer",
            "use super::RawSocket;",
            "uses `raw` of `libzmq`",
        ),
        (
            "socket::dealer",
            "use super::libzmq::Frame;",
            "says `libzmq`",
        ),
        ("socket::dealer", "use zmq::Socket;", "says `zmq`"),
        ("socket::dealer", "use super::Unknown;", "is in no file"),
        ("socket::dealer", "use super::*;", "is in no file"),
        ("socket::dealer", "use crate::socket;", "is in no file"),
        ("socket::unknown", "", "is not in the order"),
    ] {
        let violations = example().violations(&path(module), source);
        assert!(
            violations.len() == 1 && violations[0].contains(found),
            "`{source}` in {module}: {violations:?}"
        );
    }
}

#[test]
fn a_use_in_the_order_is_no_violation() {
    for (module, source) in [
        (
            "socket::event",
            "use super::{Frame, poller}; use crate::wire::Kind;",
        ),
        ("socket::event", "mod tests { use super::*; }"),
        ("socket::event::inner", "use super::outer;"),
        ("socket::event", "pub(in crate::socket) fn f() {}"),
        ("socket::event", "pub(super) fn f(s: super::SocketError) {}"),
        (
            "socket::event",
            "//! Not [a socket](super::RawSocket), no zmq.",
        ),
        (
            "socket::libzmq::raw",
            "use super::frame::Frame; use crate::socket::event::Event; use zmq::Socket;",
        ),
        ("socket::libzmq::monitor", "use crate::socket::RawSocket;"),
    ] {
        assert_eq!(
            example().violations(&path(module), source),
            Vec::<String>::new(),
            "{source}"
        );
    }
}

fn path(module: &str) -> Vec<String> {
    module.split("::").map(str::to_owned).collect()
}

struct SocketFiles {
    order: Layers,
    /// The file of each name that is re-exported.
    exports: BTreeMap<String, String>,
    /// The files of `libzmq`.
    libzmqs: BTreeSet<String>,
}

impl SocketFiles {
    fn drawn_in(docs: &str) -> Self {
        Self {
            order: Layers::drawn_in(docs),
            exports: BTreeMap::new(),
            libzmqs: BTreeSet::new(),
        }
    }

    /// Reads what the folders re-export.
    fn with_exports(mut self, sources: &[&str]) -> Self {
        for source in sources {
            let tokens: Vec<TokenTree> = tokens(source).into_iter().collect();
            let mut paths = Vec::new();
            for at in (0..tokens.len()).filter(|at| is(&tokens[*at], "use")) {
                read_paths(&tokens[at + 1..], &[], &mut paths);
            }
            for path in paths {
                if let [file, .., name] = &path[..]
                    && file != "libzmq"
                {
                    self.exports.insert(name.clone(), file.clone());
                }
            }
        }
        self
    }

    /// Returns the file that a path leads to.
    fn file_of<'a>(&'a self, path: &'a [String]) -> Option<&'a String> {
        let name = below(path).first()?;
        match self.order.height(name) {
            Some(_) => Some(name),
            None => self.exports.get(name),
        }
    }

    fn violations(&self, module: &[String], source: &str) -> Vec<String> {
        let own = file_of_module(module).expect("the module is a file");
        if self.order.height(&own).is_none() {
            return vec![format!("`{own}` is not in the order")];
        }
        let mut violations = BTreeSet::new();
        let is_libzmqs = module[1] == "libzmq";
        let mut found = Found::default();
        found.scan(tokens(source), module.len());
        for word in LIBZMQS.iter().filter(|word| found.words.contains(**word)) {
            if !is_libzmqs {
                violations.insert(format!("`{own}` says `{word}`"));
            }
        }
        let mut paths = Vec::new();
        collect_paths(tokens(source), module, &mut paths);
        for path in paths.iter().filter(|path| path[0] == "socket") {
            let Some(file) = self.file_of(path) else {
                violations.insert(format!("`{}` is in no file", path.join("::")));
                continue;
            };
            if !self.order.may_use(&own, file) {
                violations.insert(format!("`{own}` uses `{file}`"));
            } else if !is_libzmqs
                && self.libzmqs.contains(file)
                && !REPLACEABLE.contains(&file.as_str())
            {
                violations.insert(format!("`{own}` uses `{file}` of `libzmq`"));
            }
        }
        violations.into_iter().collect()
    }
}

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("the source does not parse")
}

/// The rest of a path into `socket`, or into its folder `libzmq`.
fn below(path: &[String]) -> &[String] {
    match path {
        [socket, libzmq, rest @ ..] if socket == "socket" && libzmq == "libzmq" => rest,
        [_, rest @ ..] => rest,
        [] => path,
    }
}

/// Returns the file, or the folder with all that is in it. `None` for the two whose files are in the order.
fn file_of_module(module: &[String]) -> Option<String> {
    below(module).first().cloned()
}

/// Collects the paths that begin with `crate` or `super`, from the crate's root.
fn collect_paths(tokens: TokenStream, module: &[String], paths: &mut Vec<Vec<String>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let mut module = module.to_vec();
                if at >= 2 && is(&tokens[at - 2], "mod") {
                    module.push(tokens[at - 1].to_string());
                }
                collect_paths(group.stream(), &module, paths);
            }
            // `pub(super)` and `pub(in crate::socket)` use nothing.
            _ if is_visibility(&tokens, at) || at == 1 && is(&tokens[0], "in") => {}
            _ if is(token, "crate") => {
                read_paths(tokens.get(at + 3..).unwrap_or_default(), &[], paths);
            }
            _ if is(token, "super") && !(at >= 3 && is(&tokens[at - 3], "super")) => {
                let count = supers(&tokens, at);
                let base = module.len().saturating_sub(count);
                read_paths(&tokens[at + 3 * count..], &module[..base], paths);
            }
            _ => {}
        }
    }
}

/// Reads the paths that begin here, such as `a::b` or `{a, b::{self, c as d}}`.
fn read_paths(tokens: &[TokenTree], base: &[String], paths: &mut Vec<Vec<String>>) {
    match tokens.first() {
        Some(TokenTree::Group(group)) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
            for part in inner.split(is_comma).filter(|part| !part.is_empty()) {
                read_paths(part, base, paths);
            }
        }
        Some(name) => {
            let mut path = base.to_vec();
            if !is(name, "self") {
                path.push(name.to_string());
            }
            match behind_colons(tokens, 0) {
                Some(TokenTree::Ident(_) | TokenTree::Group(_)) => {
                    read_paths(&tokens[3..], &path, paths);
                }
                _ => paths.push(path),
            }
        }
        None => {}
    }
}
