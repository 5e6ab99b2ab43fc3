//! What a client does where a server has a method under another key: one of them was built from other types.
//!
//! The refusal tells the shapes that the server knows. Where all values are read rightly there, in both directions, or
//! are an error, the call is made again with the server's key. The judgment is remembered per pair of keys, not per
//! connection: behind a proxy the next call may reach another server.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::DIALECT;
use crate::command::{EarlierReceivers, Method, ToldMethod, of_method};
use crate::description::{Description, judge_method};
use crate::dialect::Reply;
use crate::error::Error;
use crate::sync::Mutex;
use crate::wire::{Limits, METHOD_KEY, METHOD_SHAPE, MethodKey};

/// The most pairs of keys that are remembered: a server may make any number of them up.
const MAX_PAIRS: usize = 1_000;

/// How often a call is made with another key. Where servers of two versions take turns, each may get the key of the other,
/// as often as a coin falls wrong: a call that could be answered is refused once in two thousand million times.
const MAX_REPEATS: u8 = 32;

/// The judgments of pairs of keys, for all calls of a client.
#[derive(Default)]
pub(super) struct Agreements {
    /// What servers are taken for before they have said something else.
    earlier: EarlierReceivers,
    /// There may be a key in use that is not the client's own. Asked before each call.
    any: AtomicBool,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By our key and theirs: how they differ; `None` if values are read rightly.
    judged: HashMap<(MethodKey, MethodKey), Option<Arc<str>>>,
    /// By our key: theirs, which was agreed on last.
    in_use: HashMap<MethodKey, MethodKey>,
}

/// How often a call may be made again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeats(u8);

impl Repeats {
    /// Takes one; returns whether there was one left.
    pub(super) fn take(&mut self) -> bool {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

impl Default for Repeats {
    fn default() -> Self {
        Self(MAX_REPEATS)
    }
}

impl Agreements {
    /// Creates the agreements of a client whose servers may be of earlier versions.
    pub(super) fn new(earlier: EarlierReceivers) -> Self {
        Self {
            any: AtomicBool::new(!earlier.is_empty()),
            earlier,
            known: Mutex::default(),
        }
    }

    /// Returns the key to call a method by.
    #[inline]
    pub(super) fn key_to_call(&self, method: &Method) -> MethodKey {
        if !self.any.load(Ordering::Relaxed) {
            return method.key();
        }
        self.agreed(method)
            .unwrap_or_else(|| self.earlier.key_to_call(method))
    }

    /// Returns how to send a notification.
    ///
    /// # Errors
    ///
    /// [`Error::SignatureMismatch`] if servers of the earlier version would read it as something else.
    pub(super) fn told(&self, method: &Method) -> Result<ToldMethod, Error> {
        let told = self.earlier.told(method);
        match self.agreed(method) {
            // What the earlier version refuses is found here, however the key was found.
            Some(key) if !told.as_ref().is_ok_and(|told| told.key == key) => {
                Ok(ToldMethod { key, check: None })
            }
            _ => told,
        }
    }

    fn agreed(&self, method: &Method) -> Option<MethodKey> {
        if !self.any.load(Ordering::Relaxed) {
            return None;
        }
        self.known.lock().in_use.get(&method.key()).copied()
    }

    /// Returns the key with which to make a call again that was refused with this frame for its key, `tried`.
    ///
    /// # Errors
    ///
    /// How the types differ, if that is known.
    pub(super) fn agree(
        &self,
        method: &Method,
        tried: MethodKey,
        refusal: &[u8],
        repeats: &mut Repeats,
    ) -> Result<MethodKey, Option<Arc<str>>> {
        let own = method.key();
        let mut difference = None;
        // Found out once, whatever a server offers.
        let ours = LazyCell::new(|| of_method(method));
        for offer in Offer::all_in(refusal) {
            match self.judge(own, &offer, || offer.difference(method, &ours)) {
                Ok(()) => {
                    return self
                        .choose(own, tried, offer.key, repeats)
                        .ok_or(difference);
                }
                Err(reason) => difference = difference.or(reason),
            }
        }
        Err(difference)
    }

    /// Returns the key to try next, the offered one or once more the one before.
    fn choose(
        &self,
        own: MethodKey,
        tried: MethodKey,
        offered: MethodKey,
        repeats: &mut Repeats,
    ) -> Option<MethodKey> {
        if !repeats.take() {
            return None;
        }
        let mut known = self.known.lock();
        if known.in_use.len() >= MAX_PAIRS {
            known.in_use.clear();
        }
        known.in_use.insert(own, offered);
        self.any.store(true, Ordering::Relaxed);
        // Two servers that take turns would refuse the key of the other for ever.
        let is_first = repeats.0 + 1 == MAX_REPEATS;
        let is_heads = RandomState::new().hash_one(repeats.0) & 1 == 0;
        Some(if is_first || is_heads { offered } else { tried })
    }

    fn judge(
        &self,
        own: MethodKey,
        offer: &Offer<'_>,
        difference: impl FnOnce() -> Result<Option<Arc<str>>, NotTold>,
    ) -> Result<(), Option<Arc<str>>> {
        if offer.key == own {
            return Ok(());
        }
        let pair = (own, offer.key);
        let judged = self.known.lock().judged.get(&pair).cloned();
        let judged = if let Some(judged) = judged {
            judged
        } else {
            let judged = difference().map_err(|NotTold| None)?;
            let mut known = self.known.lock();
            if known.judged.len() >= MAX_PAIRS {
                known.judged.clear();
            }
            known.judged.insert(pair, judged.clone());
            judged
        };
        judged.map_or(Ok(()), |difference| Err(Some(difference)))
    }
}

/// A key that a server has for a method, and the shapes that it stands for.
struct Offer<'r> {
    key: MethodKey,
    shape: Option<(u32, &'r str)>,
}

/// The server does not tell its shapes, or not so that they can be read, or those of another version, which is another
/// service.
struct NotTold;

impl<'r> Offer<'r> {
    /// Returns the offers of a refusal.
    fn all_in(refusal: &'r [u8]) -> Vec<Self> {
        let Ok(Reply::Failure { metadata, .. }) = DIALECT.decode_reply(refusal, &Limits::NONE)
        else {
            return Vec::new();
        };
        let mut offers: Vec<Self> = Vec::new();
        for (name, value) in metadata {
            if name == METHOD_KEY {
                let key = u64::from_str_radix(value, 16).map(MethodKey::from_bits);
                offers.extend(key.map(|key| Self { key, shape: None }));
            } else if name == METHOD_SHAPE
                && let Some(last) = offers.last_mut()
                && let Some((version, text)) = value.split_once(' ')
            {
                last.shape = version.parse().ok().map(|version| (version, text));
            }
        }
        offers
    }

    /// Returns how the shapes of a method differ from these; `None` if all values are read rightly in both directions, or
    /// are an error.
    fn difference(&self, method: &Method, ours: &Description) -> Result<Option<Arc<str>>, NotTold> {
        let (version, text) = self.shape.ok_or(NotTold)?;
        let key = MethodKey::new(method.service(), method.name(), text, version);
        if version != method.version() || key != self.key {
            return Err(NotTold);
        }
        let ours = ours.only_method().ok_or(NotTold)?;
        let theirs = Description::read_canonical(method.service(), version, ours.method, text);
        let theirs = theirs.ok_or(NotTold)?;
        let judgment = judge_method(ours, theirs.only_method().ok_or(NotTold)?);
        Ok((!judgment.by_key.is_safe()).then(|| judgment.by_key.reason.into()))
    }
}
