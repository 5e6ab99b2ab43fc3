//! The attribute, from tokens to tokens: parse, check, expand.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemTrait;

use super::check::check;
use super::expand::expand;
use super::model::Service;
use crate::errors::Errors;

/// Expands `#[zmq_service(options)] item`.
pub(crate) fn zmq_service(options: TokenStream, item: &TokenStream) -> TokenStream {
    let Ok(trait_item) = syn::parse2::<ItemTrait>(item.clone()) else {
        return not_a_trait(item);
    };
    let mut errors = Errors::default();
    let mut service = Service::new(options, trait_item, &mut errors);
    check(&mut service, &mut errors);
    let expansion = expand(&service);
    let errors = errors.into_compile_errors();
    quote!(#expansion #errors)
}

fn not_a_trait(item: &TokenStream) -> TokenStream {
    let error = match syn::parse2::<syn::Item>(item.clone()) {
        Ok(other) => syn::Error::new_spanned(
            other,
            "`#[zmq_service]` makes a service of a trait: put it on `trait Name { .. }`",
        ),
        Err(error) => error,
    };
    let error = error.into_compile_error();
    quote!(#item #error)
}
