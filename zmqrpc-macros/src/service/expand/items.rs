//! All items of a service, in the order in which they are documented.

use proc_macro2::TokenStream;
use quote::quote;

use super::client::client;
use super::command::command;
use super::server::server;
use super::service_trait::service_trait;
use crate::service::model::Service;

/// Returns the items that replace the trait.
pub(crate) fn expand(service: &Service) -> TokenStream {
    let service_trait = service_trait(service);
    let commands = service
        .valid_methods()
        .map(|method| command(service, method));
    let server = server(service);
    let client = client(service);
    quote! {
        #service_trait
        #(#commands)*
        #server
        #client
    }
}
