//! The dispatch server: a constant table with one entry, and so one function, per method.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;

use super::command::command_type;
use crate::names;
use crate::service::model::{Method, Service};

pub(super) fn server(service: &Service) -> TokenStream {
    let service_trait = &service.item.ident;
    let visibility = &service.item.vis;
    let server = &service.server;
    let private = &service.private;
    let (target, holder) = (&service.parameters.service, &service.parameters.holder);
    let bound = service.target_bound();
    let conditions = service.conditions();
    let lints = service.lints();
    let name = &service.name;
    let server_text = server.to_string();
    let docs = service.attributes.doc_text();
    let holders = holders(service);
    let entries = service.valid_methods().map(|method| entry(service, method));
    let about = format!(
        " Serves a [`{}`]: runs its methods for whoever calls them.",
        service_trait.unraw()
    );
    quote! {
        #[doc = #about]
        #conditions
        #lints
        #visibility struct #server<#target: ?::core::marker::Sized>(::std::sync::Arc<#target>);

        #conditions
        #lints
        #[allow(dead_code)]
        impl<#target: #bound + ?::core::marker::Sized> #server<#target> {
            /// Serves `service`: what implements the trait, by itself or in an `Arc` or a `Box`.
            #[must_use]
            #visibility fn new<#holder>(service: #holder) -> Self
            where
                Self: ::core::convert::From<#holder>,
            {
                <Self as ::core::convert::From<#holder>>::from(service)
            }

            /// The same for an `Arc` alone, so that it may become one of a trait object here.
            #[must_use]
            #visibility fn from_arc(service: ::std::sync::Arc<#target>) -> Self {
                Self(service)
            }
        }

        #holders

        #conditions
        impl<#target: ?::core::marker::Sized> ::core::clone::Clone for #server<#target> {
            fn clone(&self) -> Self {
                Self(::core::clone::Clone::clone(&self.0))
            }
        }

        #conditions
        impl<#target: ?::core::marker::Sized> ::core::fmt::Debug for #server<#target> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#server_text).finish_non_exhaustive()
            }
        }

        #conditions
        #lints
        impl<#target: #bound + ?::core::marker::Sized> #private::Service for #server<#target> {
            type Target = #target;
            const NAME: &'static str = #name;
            const DOCS: &'static str = #docs;
            const ENTRIES: &'static [#private::MethodEntry<#target>] = &[#(#entries,)*];

            fn target(&self) -> &::std::sync::Arc<#target> {
                &self.0
            }
        }
    }
}

/// Returns the conversions into the server. A value fits several of them only if an `Arc` or a
/// `Box` implements the trait itself, so rustc can infer which one is meant.
fn holders(service: &Service) -> TokenStream {
    let server = &service.server;
    let target = &service.parameters.service;
    let bound = service.target_bound();
    let conditions = service.conditions();
    let lints = service.lints();
    quote! {
        #conditions
        #lints
        impl<#target: #bound> ::core::convert::From<#target> for #server<#target> {
            fn from(service: #target) -> Self {
                Self(::std::sync::Arc::new(service))
            }
        }

        #conditions
        #lints
        impl<#target: #bound + ?::core::marker::Sized> ::core::convert::From<::std::sync::Arc<#target>>
            for #server<#target>
        {
            fn from(service: ::std::sync::Arc<#target>) -> Self {
                Self(service)
            }
        }

        #conditions
        #lints
        impl<#target: #bound + ?::core::marker::Sized> ::core::convert::From<::std::boxed::Box<#target>>
            for #server<#target>
        {
            fn from(service: ::std::boxed::Box<#target>) -> Self {
                Self(::core::convert::From::from(service))
            }
        }
    }
}

fn entry(service: &Service, method: &Method) -> TokenStream {
    let conditions = method.attributes.conditions();
    let lints = method.attributes.lints();
    let deprecated = method
        .attributes
        .is_deprecated()
        .then(|| quote!(#[allow(deprecated)]));
    let at = names::place(method.ident().span());
    let private = &service.private.at(at);
    let command = command_type(method);
    let (target, call) = (names::local("service"), names::local("call"));
    let handler = handler(service, method, &target, &call);
    let (kind, closure_body) = if method.is_async() {
        let task = quote_spanned!(at=> ::std::boxed::Box::pin(async move { #handler }));
        (names::local("task"), task)
    } else {
        (names::local("plain"), quote_spanned!(at=> { #handler }))
    };
    quote_spanned! {at=>
        #conditions
        #lints
        #deprecated
        #private::MethodEntry::#kind::<#command>(|#target, #call| #closure_body)
    }
}

/// Returns code that decodes the arguments, runs the method and encodes its return value.
fn handler(service: &Service, method: &Method, target: &Ident, call: &Ident) -> TokenStream {
    let at = names::place(method.ident().span());
    let private = &service.private.at(at);
    let service_trait = &service.item.ident;
    let ident = method.ident();
    let command = command_type(method);
    let values: Vec<Ident> = (0..method.arguments.len())
        .map(|index| names::local(&format!("a{index}")))
        .collect();
    let passings = method.arguments.iter().map(|argument| &argument.passing);
    let passed = passings
        .zip(&values)
        .map(|(passing, value)| passing.passed(value, private));

    let arguments = if values.is_empty() {
        quote_spanned!(at=> #call.arguments::<#command>()?;)
    } else {
        quote_spanned!(at=> let (#(#values,)*) = #call.arguments::<#command>()?;)
    };
    let context = method.context.as_ref().map(|_| quote!(#call.context(),));
    let (receiver, wait) = if method.is_async() {
        (
            quote_spanned!(at=> &*#target),
            Some(quote_spanned!(at=> .await)),
        )
    } else {
        (target.to_token_stream(), None)
    };
    quote_spanned! {at=>
        #arguments
        #call.reply::<#command>(#service_trait::#ident(#receiver, #context #(#passed),*) #wait)
    }
}
