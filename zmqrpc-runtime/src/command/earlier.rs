//! Earlier versions of services, as snapshots have them: whose keys senders and receivers that are newer go on with.

use std::collections::HashMap;
use std::sync::Arc;

use super::describer::of_method;
use super::method::Method;
use crate::codec::Error as CodecError;
use crate::description::{
    ArgumentDescription, Description, MethodOf, fit, judge_arguments, judge_method,
};
use crate::error::{CallTarget, Error};
use crate::sync::Mutex;
use crate::wire::MethodKey;

/// Snapshots of earlier versions.
#[derive(Debug, Default)]
pub(crate) struct EarlierVersions(Vec<Arc<Description>>);

/// What an earlier version says of a method.
pub(crate) struct EarlierMethod<'d> {
    pub(crate) key: MethodKey,
    pub(crate) method: MethodOf<'d>,
    description: &'d Arc<Description>,
}

impl EarlierVersions {
    /// Reads snapshots.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if one is no description.
    pub(crate) fn read(snapshots: &[String]) -> Result<Self, Error> {
        let read = |text: &String| {
            parse(text).map(Arc::new).map_err(|reason| {
                let reason = format!("a snapshot is no description: {reason}");
                Error::bad_setting("earlier", reason)
            })
        };
        Ok(Self(snapshots.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// Returns what they say of a method, in the same version of its service and under other keys than its own.
    pub(crate) fn of(&self, method: &Method) -> impl Iterator<Item = EarlierMethod<'_>> {
        self.0.iter().filter_map(|description| {
            let mut services = description.services.iter();
            let service = services.find(|service| {
                service.name == method.service() && service.version == method.version()
            })?;
            let found = MethodOf {
                description,
                service,
                method: service.method(method.name())?,
            };
            let key = u64::from_str_radix(&found.method.key, 16).ok()?;
            let key = MethodKey::from_bits(key);
            let is_other = key != method.key() && key.name_hash() == method.name_hash();
            is_other.then_some(EarlierMethod {
                key,
                method: found,
                description,
            })
        })
    }
}

#[cfg(feature = "json")]
fn parse(snapshot: &str) -> Result<Description, serde_json::Error> {
    serde_json::from_str(snapshot)
}

#[cfg(not(feature = "json"))]
fn parse(_: &str) -> Result<Description, &'static str> {
    Err("it is JSON, which this program is built without")
}

/// Earlier versions that a sender's receivers may be of.
#[derive(Debug, Default)]
pub(crate) struct EarlierReceivers {
    versions: EarlierVersions,
    /// By our keys. The program has no more methods than that.
    known: Mutex<HashMap<MethodKey, ReceiverKey>>,
}

/// The key that earlier receivers have for a method.
#[derive(Clone, Debug)]
enum ReceiverKey {
    /// The sender's own: they have the same, or say nothing of the method.
    Own,
    /// They may be told, and called if what they answer is not read as something else either.
    Earlier {
        key: MethodKey,
        is_answered: bool,
        /// They would refuse some values.
        check: Option<ArgumentCheck>,
    },
    /// They would read it as something else.
    Unfit(Arc<str>),
}

/// Finds the arguments that receivers of an earlier version would refuse.
#[derive(Clone, Debug)]
pub(crate) struct ArgumentCheck {
    description: Arc<Description>,
    arguments: Arc<[ArgumentDescription]>,
}

impl ArgumentCheck {
    /// Checks encoded arguments.
    ///
    /// # Errors
    ///
    /// The first value that is refused, and why.
    pub(crate) fn check(&self, encoded: &[u8]) -> Result<(), CodecError> {
        fit(&self.description, &self.arguments, encoded).map_err(|misfit| {
            CodecError::Encode(format!("receivers of the earlier version refuse {misfit}"))
        })
    }
}

/// How what has no reply is sent.
#[derive(Debug)]
pub(crate) struct ToldMethod {
    pub(crate) key: MethodKey,
    pub(crate) check: Option<ArgumentCheck>,
}

impl EarlierReceivers {
    /// Reads snapshots.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if one is no description.
    pub(crate) fn read(snapshots: &[String]) -> Result<Self, Error> {
        Ok(Self {
            versions: EarlierVersions::read(snapshots)?,
            known: Mutex::default(),
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.versions.0.is_empty()
    }

    /// Returns how to send what has no reply.
    ///
    /// # Errors
    ///
    /// [`Error::SignatureMismatch`] if receivers of the earlier version would read it as something else.
    #[inline]
    pub(crate) fn told(&self, method: &Method) -> Result<ToldMethod, Error> {
        let own = ToldMethod {
            key: method.key(),
            check: None,
        };
        if self.is_empty() {
            return Ok(own);
        }
        match self.find(method) {
            ReceiverKey::Own => Ok(own),
            ReceiverKey::Earlier { key, check, .. } => Ok(ToldMethod { key, check }),
            ReceiverKey::Unfit(difference) => {
                let signature: Box<str> = method.versioned_signature().into();
                Err(Error::SignatureMismatch {
                    at: CallTarget::new(method.full_name(), None),
                    ours: signature.clone(),
                    theirs: signature,
                    difference: Some((&*difference).into()),
                })
            }
        }
    }

    /// Returns the key under which to call.
    pub(crate) fn key_to_call(&self, method: &Method) -> MethodKey {
        match self.find(method) {
            ReceiverKey::Earlier {
                key,
                is_answered: true,
                ..
            } => key,
            _ => method.key(),
        }
    }

    fn find(&self, method: &Method) -> ReceiverKey {
        let own = method.key();
        let known = self.known.lock().get(&own).cloned();
        // Without the lock: types describe themselves, and that is code of theirs.
        known.unwrap_or_else(|| {
            let found = self.judge(method);
            self.known.lock().insert(own, found.clone());
            found
        })
    }

    /// The first version that has the method counts: the others may be newer, and take what it takes.
    fn judge(&self, method: &Method) -> ReceiverKey {
        let ours = of_method(method);
        let (Some(theirs), Some(ours)) = (self.versions.of(method).next(), ours.only_method())
        else {
            return ReceiverKey::Own;
        };
        let judgment = judge_arguments(ours, theirs.method).by_key;
        if !judgment.is_safe() {
            return ReceiverKey::Unfit(judgment.reason.into());
        }
        let check = ArgumentCheck {
            description: Arc::clone(theirs.description),
            arguments: theirs.method.method.arguments.as_slice().into(),
        };
        ReceiverKey::Earlier {
            key: theirs.key,
            is_answered: judge_method(ours, theirs.method).by_key.is_safe(),
            check: (!judgment.is_fine()).then_some(check),
        }
    }
}
