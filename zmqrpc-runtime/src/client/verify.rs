//! Whether a server offers what a client expects.

use super::async_client::AsyncClient;
use super::handle::Client;
use crate::command::{Described, of};
use crate::description::{Description, MethodFingerprint, Verdict, changes};
use crate::error::{CallTarget, Error};

const FINGERPRINTS: &str = "zmqrpc.fingerprints";
const DESCRIBE: &str = "zmqrpc.describe";

impl Client {
    /// Asks the server whether its types are those of a generated client, all of them, within types too: at the start of a
    /// program, before the first call finds out. Each call is checked in any case.
    ///
    /// It is one small question; a further one where something differs. With several servers, one of them answers.
    ///
    /// # Errors
    ///
    /// [`Error::SchemaMismatch`] names what differs and matters to calls by key, [`Error::SignatureMismatch`] a method
    /// whose key is another one although no value would be read otherwise, or of which the server tells no more than
    /// that. [`Error::UnknownMethod`] if the server [does not tell](crate::ServerBuilder::introspection), and all
    /// others of a call.
    ///
    /// # Examples
    ///
    /// ```ignore
    /// let client = Client::connect("tcp://127.0.0.1:30000")?;
    /// client.verify::<InventoryClient>()?;
    /// ```
    pub fn verify<C: Described + ?Sized>(&self) -> Result<(), Error> {
        let ours = of::<C>();
        let services = (Some(names(&ours)),);
        let theirs: Vec<MethodFingerprint> = self.invoke(FINGERPRINTS, &services)?;
        if has_all(&theirs, &ours) {
            return Ok(());
        }
        let told = self.invoke(DESCRIBE, &services);
        judge(&ours, &theirs, told)
    }
}

impl AsyncClient {
    /// Asks the server whether its types are those of a generated client, see [`Client::verify`].
    ///
    /// # Errors
    ///
    /// As [`Client::verify`].
    pub async fn verify<C: Described + ?Sized>(&self) -> Result<(), Error> {
        let ours = of::<C>();
        let services = (Some(names(&ours)),);
        let theirs: Vec<MethodFingerprint> = self.invoke(FINGERPRINTS, &services).await?;
        if has_all(&theirs, &ours) {
            return Ok(());
        }
        let told = self.invoke(DESCRIBE, &services).await;
        judge(&ours, &theirs, told)
    }
}

fn names(description: &Description) -> Vec<String> {
    let services = description.services.iter();
    services.map(|service| service.name.clone()).collect()
}

/// Returns whether the server has all methods, with the same keys and fingerprints.
fn has_all(theirs: &[MethodFingerprint], ours: &Description) -> bool {
    ours.fingerprints()
        .iter()
        .all(|fingerprint| theirs.contains(fingerprint))
}

/// Says what differs; `told` is what the server tells of itself.
fn judge(
    ours: &Description,
    theirs: &[MethodFingerprint],
    told: Result<Description, Error>,
) -> Result<(), Error> {
    let told = match told {
        Ok(told) => told,
        Err(Error::UnknownMethod { .. }) => return Err(other_key(ours, theirs, None)),
        Err(error) => return Err(error),
    };
    let changes = changes(ours, &told);
    if changes.iter().any(|change| change.by_key > Verdict::Fine) {
        let service = ours.services.first();
        let name = service.map(|service| service.name.clone());
        return Err(Error::SchemaMismatch {
            at: CallTarget::new(name.unwrap_or_default(), None),
            changes,
        });
    }
    Err(other_key(ours, theirs, Some(&told)))
}

/// Returns the error that names the first method that the server has not, with this key.
fn other_key(
    ours: &Description,
    theirs: &[MethodFingerprint],
    told: Option<&Description>,
) -> Error {
    let keys: Vec<&str> = theirs.iter().map(|method| &*method.key).collect();
    let methods = ours.services.iter().flat_map(|service| {
        let methods = service.methods.iter();
        methods.map(move |method| (service, method))
    });
    let mut missing = methods.filter(|(_, method)| !keys.contains(&&*method.key));
    let (name, ours, theirs) = match missing.next() {
        Some((service, method)) => {
            let versioned = service.versioned_name(method);
            let theirs = told.and_then(|told| told.method(&versioned));
            let theirs = theirs.map_or("not told", |(_, method)| &*method.signature);
            (service.full_name(method), &*method.signature, theirs)
        }
        None => (String::new(), "", ""),
    };
    Error::SignatureMismatch {
        at: CallTarget::new(name, None),
        ours: ours.into(),
        theirs: theirs.into(),
        difference: None,
    }
}
