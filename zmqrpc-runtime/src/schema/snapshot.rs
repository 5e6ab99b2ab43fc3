//! Descriptions in files, which tests compare.

use std::path::Path;
use std::{env, fs};

use super::{Change, Described, Description, Verdict, changes, of};

/// The variable that has files rewritten.
const VARIABLE: &str = "ZMQRPC_SCHEMA";

/// Asserts that clients which were built from an earlier version of a trait can go on with servers of this one: for your own
/// tests.
///
/// The earlier version is a file, the description of that version as JSON, which belongs into version control. A file that
/// does not exist is written. Where a change is intended, `ZMQRPC_SCHEMA=update` has it written again; then give the service
/// another `version`, or upgrade clients and servers together.
///
/// The path is relative to the package, as `cargo test` starts tests there.
///
/// # Panics
///
/// If a change is not [fine](Verdict::Fine) for clients by key and by name: the message lists all of these. If the file
/// cannot be read or written.
///
/// # Examples
///
/// ```ignore
/// #[test]
/// fn old_clients_are_served() {
///     zmqrpc::schema::assert_compatible::<InventoryClient>("schema/inventory.json");
/// }
/// ```
#[track_caller]
pub fn assert_compatible<C: Described + ?Sized>(path: impl AsRef<Path>) {
    let path = path.as_ref();
    let new = of::<C>();
    let update = env::var_os(VARIABLE).is_some_and(|value| value == "update");
    if update || !path.exists() {
        if let Err(error) = write(&new, path) {
            panic!("{} cannot be written: {error}", path.display());
        }
        return;
    }
    let old = match read(path) {
        Ok(old) => old,
        Err(error) => panic!("{} is no description: {error}", path.display()),
    };
    let is_bad = |change: &Change| change.by_key.max(change.by_name) > Verdict::Fine;
    let mut bad: Vec<String> = changes(&old, &new)
        .iter()
        .filter(|change| is_bad(change))
        .map(ToString::to_string)
        .collect();
    if bad.is_empty() {
        bad = refused_by_key(&old, &new).collect();
    }
    assert!(
        bad.is_empty(),
        "clients of the version in {} do not fit:\n\n{}\n\n{VARIABLE}=update accepts it",
        path.display(),
        bad.join("\n")
    );
}

/// Returns a line for each method without a reply whose key is another one although no value is read otherwise: callers of
/// other methods agree with the server on a key, but of these nobody hears that it was refused.
fn refused_by_key<'d>(
    old: &'d Description,
    new: &'d Description,
) -> impl Iterator<Item = String> + 'd {
    let methods = old.services.iter().flat_map(|service| {
        let methods = service.methods.iter();
        methods.map(move |method| (service, method))
    });
    methods.filter_map(|(service, method)| {
        let (_, now) = new.method(&service.versioned_name(method))?;
        let name = service.full_name(method);
        (method.oneway && now.key != method.key).then(|| {
            format!(
                "`{name}`: its key is another one, and it has no reply\n    clients by key: BREAKS, they are refused unless the server has this snapshot, as `.earlier(..)`"
            )
        })
    })
}

fn read(path: &Path) -> Result<Description, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(path)?;
    Ok(serde_json::from_str(&text)?)
}

fn write(description: &Description, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut text = serde_json::to_string_pretty(description)?;
    text.push('\n');
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)?;
    Ok(())
}
