//! The built-in service, which knows the server's other ones.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::Introspection;
use super::commands::{Describe, Fingerprints, List, ShapeOf};
use crate::codec::Codec;
use crate::command::{Call, Command, Describer, DynService, HandlerResult, Method, Started};
use crate::description::{Description, NamedDocs};
use crate::dialect::CallFailure;
use crate::sync::Mutex;

const METHODS: [&Method; 4] = [
    const { &List::METHOD },
    const { &Fingerprints::METHOD },
    const { &ShapeOf::METHOD },
    const { &Describe::METHOD },
];

/// Answers what the server offers.
pub(in crate::server) struct BuiltInService {
    introspection: Introspection,
    services: Vec<Arc<dyn DynService>>,
    documents: Vec<NamedDocs>,
    /// Made when it is first asked for: the types are tried out, which takes a moment.
    description: OnceLock<Description>,
    /// The whole description, encoded: whoever asks again and again costs no more than the reply.
    encoded: Mutex<HashMap<u8, Arc<[u8]>>>,
}

impl BuiltInService {
    pub(in crate::server) fn new(
        introspection: Introspection,
        services: &[Arc<dyn DynService>],
        documents: Vec<NamedDocs>,
    ) -> Self {
        Self {
            introspection,
            services: services.to_vec(),
            documents,
            description: OnceLock::new(),
            encoded: Mutex::new(HashMap::new()),
        }
    }

    fn description(&self) -> &Description {
        self.description.get_or_init(|| {
            let mut describer = Describer::default();
            for service in &self.services {
                service.describe(&mut describer);
            }
            let mut description = describer.finish();
            for docs in &self.documents {
                description.add_docs(docs);
            }
            description
        })
    }

    fn describe(&self, call: &Call) -> HandlerResult {
        let (services,) = call.arguments::<Describe>()?;
        match services {
            Some(services) => call.reply::<Describe>(self.description().only(&services)),
            None => call.reply_encoded(&self.encoded(call.codec())?),
        }
    }

    /// Returns the whole description in a codec.
    fn encoded(&self, codec: Codec) -> Result<Arc<[u8]>, CallFailure> {
        let description = self.description();
        let mut encoded = self.encoded.lock();
        if let Some(encoded) = encoded.get(&codec.id()) {
            return Ok(Arc::clone(encoded));
        }
        let mut bytes = Vec::new();
        codec
            .encode(description, &mut bytes, usize::MAX)
            .map_err(|error| CallFailure::reply(&error))?;
        let bytes: Arc<[u8]> = bytes.into();
        encoded.insert(codec.id(), Arc::clone(&bytes));
        Ok(bytes)
    }

    fn list(&self, call: &Call) -> HandlerResult {
        call.arguments::<List>()?;
        let methods: Vec<&Method> = self
            .services
            .iter()
            .flat_map(|service| service.methods())
            .collect();
        let mut highest: HashMap<String, u32> = HashMap::new();
        for method in &methods {
            let version = highest.entry(method.to_string()).or_default();
            *version = method.version().max(*version);
        }
        let names = methods.into_iter().map(|method| {
            let name = method.to_string();
            if highest[&name] == method.version() {
                name
            } else {
                method.versioned_name()
            }
        });
        call.reply::<List>(names.collect())
    }

    fn shape(&self, call: &Call) -> HandlerResult {
        let (key,) = call.arguments::<ShapeOf>()?;
        call.reply::<ShapeOf>(self.description().only_key(&key))
    }

    fn fingerprints(&self, call: &Call) -> HandlerResult {
        let (services,) = call.arguments::<Fingerprints>()?;
        let mut fingerprints = self.description().fingerprints();
        if let Some(services) = services {
            let services: HashSet<String> = services.into_iter().collect();
            fingerprints.retain(|fingerprint| services.contains(&fingerprint.service));
        }
        call.reply::<Fingerprints>(fingerprints)
    }
}

impl DynService for BuiltInService {
    fn methods(&self) -> Vec<&'static Method> {
        let count = match self.introspection {
            Introspection::Full => METHODS.len(),
            // Whoever knows the keys could ask for the shapes of each.
            Introspection::Names => METHODS.len() - 2,
            Introspection::Off => 0,
        };
        METHODS[..count].to_vec()
    }

    fn describe(&self, _: &mut Describer) {}

    fn start(&self, index: usize, call: Call) -> Started {
        let handled = match index {
            0 => self.list(&call),
            1 => self.fingerprints(&call),
            2 => self.shape(&call),
            _ => self.describe(&call),
        };
        call.recycle();
        Started::Done(handled)
    }
}
