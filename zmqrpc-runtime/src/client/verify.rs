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
    /// [`Error::SchemaMismatch`] names what differs and matters to calls by key, [`Error::SignatureMismatch`] a method whose
    /// types have other names. [`Error::UnknownMethod`] if the server
    /// [does not tell](crate::ServerBuilder::introspection), and all others of a call.
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
        let theirs = self.invoke(DESCRIBE, &services)?;
        judge(&ours, &theirs)
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
        let theirs = self.invoke(DESCRIBE, &services).await?;
        judge(&ours, &theirs)
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

fn judge(ours: &Description, theirs: &Description) -> Result<(), Error> {
    let changes = changes(ours, theirs);
    if changes.iter().any(|change| change.by_key > Verdict::Fine) {
        let service = ours.services.first();
        let name = service.map(|service| service.name.clone());
        return Err(Error::SchemaMismatch {
            at: CallTarget::new(name.unwrap_or_default(), None),
            changes,
        });
    }
    for service in &ours.services {
        for method in &service.methods {
            let name = service.full_name(method);
            let theirs = theirs.method(&name).map(|(_, method)| method);
            if let Some(theirs) = theirs.filter(|theirs| theirs.key != method.key) {
                return Err(Error::SignatureMismatch {
                    at: CallTarget::new(name, None),
                    ours: method.signature.as_str().into(),
                    theirs: theirs.signature.as_str().into(),
                });
            }
        }
    }
    Ok(())
}
