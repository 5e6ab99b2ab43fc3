//! What comes out of descriptions.

mod documents;
mod hostile;
mod random;

use std::path::Path;
use std::{env, fs};

use super::python::RUNTIME;
use crate::description::Description;

/// Descriptions by the names of their files.
pub(super) fn descriptions() -> [(String, Description); 2] {
    [
        ("inventory", include_str!("inventory.json")),
        ("lab", include_str!("lab.json")),
    ]
    .map(|(name, text)| (name.to_owned(), serde_json::from_str(text).unwrap()))
}

/// Returns the exports of a description, by the endings of their files.
fn exports(description: &Description) -> [(&'static str, String); 3] {
    [
        ("schema.json", description.to_json_schema()),
        ("openrpc.json", description.to_open_rpc()),
        ("py", description.to_python()),
    ]
}

/// What the snapshots hold is to be read by people: with `UPDATE_SNAPSHOTS=1` they are written anew.
#[test]
fn exports_are_those_of_the_snapshots() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/export/tests/snapshots");
    for (name, description) in descriptions() {
        for (ending, text) in exports(&description) {
            let path = folder.join(format!("{name}.{ending}"));
            let own = text.strip_prefix(RUNTIME).unwrap_or(&text);
            if env::var_os("UPDATE_SNAPSHOTS").is_some() {
                fs::write(&path, own).unwrap();
            }
            let snapshot = fs::read_to_string(&path).unwrap_or_default();
            assert!(own == snapshot, "{} differs", path.display());
        }
    }
}

/// `tests/peers/exports.py` tries what this writes: with `ZMQRPC_EXPORTS=FOLDER`, an absolute path, the exports go there,
/// those of hostile descriptions too.
#[test]
fn exports_are_written_for_those_who_try_them() {
    let Some(folder) = env::var_os("ZMQRPC_EXPORTS") else {
        return;
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).unwrap();
    let hostile = hostile::descriptions().into_iter().enumerate();
    let hostile = hostile.map(|(index, found)| (format!("hostile_{index}"), found));
    let random = random::descriptions(40).into_iter().enumerate();
    let random = random.map(|(index, found)| (format!("random_{index}"), found));
    let crowded = ("crowded".to_owned(), hostile::crowded());
    let all = descriptions().into_iter().chain([crowded]);
    for (name, description) in all.chain(hostile).chain(random) {
        for (ending, text) in exports(&description) {
            fs::write(folder.join(format!("{name}.{ending}")), text).unwrap();
        }
    }
}
