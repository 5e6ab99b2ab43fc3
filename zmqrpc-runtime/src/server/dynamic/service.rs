//! Services that a description tells of.

use super::RawHandler;
use crate::command::{Call, Describer, DynService, Method, Started, interned};
use crate::description::Description;

/// The services of a description, whose methods one function executes.
pub(in crate::server) struct DynamicService {
    description: Description,
    methods: Vec<&'static Method>,
    handler: RawHandler,
}

impl DynamicService {
    pub(in crate::server) fn new(description: Description, handler: RawHandler) -> Self {
        let services = description.services.iter();
        let methods = services.flat_map(|service| {
            let methods = service.methods.iter();
            methods.map(move |method| interned(service, method))
        });
        Self {
            methods: methods.collect(),
            description,
            handler,
        }
    }
}

impl DynService for DynamicService {
    fn methods(&self) -> Vec<&'static Method> {
        self.methods.clone()
    }

    fn describe(&self, describer: &mut Describer) {
        describer.add_description(self.description.clone());
    }

    fn start(&self, _: usize, call: Call) -> Started {
        self.handler.start(call)
    }
}
