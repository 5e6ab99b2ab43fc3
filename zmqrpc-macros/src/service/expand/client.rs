//! The typed client: one type for every transport, whose methods only create a command.
//!
//! It must not know the settings of transports: `with` gives access to any of them.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;

use super::command::command_type;
use crate::names;
use crate::service::model::{Argument, Method, Service, Validity};

pub(super) fn client(service: &Service) -> TokenStream {
    let visibility = &service.item.vis;
    let client = &service.client;
    let private = &service.private;
    let transport = &service.parameters.transport;
    let conditions = service.conditions();
    let lints = service.lints();
    let client_text = client.to_string();
    let own = own_methods(service);
    let docs = service.attributes.doc_text();
    let described = service
        .valid_methods()
        .map(|method| described(service, method));
    let methods = service.methods.iter().map(|method| stub(service, method));
    let about = format!(
        " Calls a [`{}`] over any transport.",
        service.item.ident.unraw()
    );
    let constructors = constructors(service);
    quote! {
        #[doc = #about]
        #conditions
        #lints
        #visibility struct #client<#transport = #private::Client>(#transport);

        #constructors

        #conditions
        #lints
        #[allow(dead_code)]
        impl<#transport: #private::Transport> #client<#transport> {
            #own
            #(#methods)*
        }

        #conditions
        #lints
        impl<#transport> #private::Described for #client<#transport> {
            const DOCS: &'static str = #docs;
            const METHODS: &'static [#private::Method] = &[#(#described,)*];
        }

        #conditions
        impl<#transport: ::core::clone::Clone> ::core::clone::Clone for #client<#transport> {
            fn clone(&self) -> Self {
                Self(::core::clone::Clone::clone(&self.0))
            }
        }

        #conditions
        impl<#transport> ::core::fmt::Debug for #client<#transport> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#client_text).finish_non_exhaustive()
            }
        }
    }
}

/// Returns a method as the description lists it.
fn described(service: &Service, method: &Method) -> TokenStream {
    let conditions = method.attributes.conditions();
    let at = names::place(method.ident().span());
    let private = &service.private.at(at);
    let command = command_type(method);
    quote_spanned!(at=> #conditions <#command as #private::Command>::METHOD)
}

/// Returns the constructors that need no transport.
fn constructors(service: &Service) -> TokenStream {
    let visibility = &service.item.vis;
    let bound = service.target_bound();
    let (server, client) = (&service.server, &service.client);
    let private = &service.private;
    let (target, holder) = (&service.parameters.service, &service.parameters.holder);
    let conditions = service.conditions();
    let lints = service.lints();
    quote! {
        #conditions
        #lints
        #[allow(dead_code)]
        impl #client<#private::Client> {
            /// Connects to a server at `endpoint`, as in `tcp://127.0.0.1:30000`.
            ///
            /// # Errors
            ///
            /// If `endpoint` is not one; a server that is not there yet is not an error.
            #visibility fn connect(
                endpoint: impl ::core::convert::AsRef<str>,
            ) -> ::core::result::Result<Self, #private::Error> {
                #private::Client::connect(endpoint).map(Self)
            }

            /// Runs `service` in this process, without a port, with all that a call goes through.
            #[must_use]
            #visibility fn local<#target: #bound + ?::core::marker::Sized, #holder>(service: #holder) -> Self
            where
                #server<#target>: ::core::convert::From<#holder>,
            {
                Self(#private::local(#server::<#target>::new(service)))
            }
        }
    }
}

fn own_methods(service: &Service) -> TokenStream {
    let visibility = &service.item.vis;
    let client = &service.client;
    let private = &service.private;
    let transport = &service.parameters.transport;
    let other = &service.parameters.other;
    quote! {
        /// Calls over `transport`.
        #[must_use]
        #visibility const fn new(transport: #transport) -> Self {
            Self(transport)
        }

        /// The transport that this client calls over.
        #[must_use]
        #visibility const fn transport(&self) -> &#transport {
            &self.0
        }

        /// A client over what `set` makes of this one's transport.
        #[must_use]
        #visibility fn with<#other: #private::Transport>(
            &self,
            set: impl ::core::ops::FnOnce(&#transport) -> #other,
        ) -> #client<#other> {
            #client(set(&self.0))
        }

        /// A client whose calls take no longer than `limit`.
        #[must_use]
        #visibility fn with_timeout(&self, limit: ::core::time::Duration) -> Self
        where
            #transport: #private::WithTimeout,
        {
            Self(#private::WithTimeout::with_timeout(&self.0, limit))
        }

        /// A client whose messages are published under `topic`.
        #[must_use]
        #visibility fn with_topic(&self, topic: &str) -> Self
        where
            #transport: #private::WithTopic,
        {
            Self(#private::WithTopic::with_topic(&self.0, topic))
        }
    }
}

/// Returns the client's method that calls a method of the service.
fn stub(service: &Service, method: &Method) -> Option<TokenStream> {
    let (body, unused) = match method.validity {
        Validity::Valid => (call(service, method), None),
        Validity::Callable => (quote!(loop {}), Some(quote!(#[allow(unused_variables)]))),
        Validity::Broken => return None,
    };
    let at = names::place(method.ident().span());
    let private = &service.private.at(at);
    let transport = names::placed(service.parameters.transport.to_token_stream(), at);
    let visibility = &service.item.vis;
    let ident = method.ident();
    let reply = method.output.reply(private);
    let failure = method.output.failure(private);
    let docs = method.attributes.docs();
    let about = (!method.attributes.is_documented()).then(|| {
        let text = format!(" Calls [`{}`].", service.link_to(method));
        quote!(#[doc = #text])
    });
    let conditions = method.attributes.conditions();
    let lints = method.attributes.lints();
    let for_callers = method.attributes.for_callers();
    let parameters = method
        .arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| {
            let parameter = parameter(index, argument);
            let ty = &argument.ty;
            quote!(#parameter: #ty)
        });
    Some(quote_spanned! {at=>
        #about
        #docs
        #conditions
        #lints
        #for_callers
        #unused
        #visibility fn #ident(&self, #(#parameters),*) -> #transport::Call<#reply, #failure> {
            #body
        }
    })
}

fn call(service: &Service, method: &Method) -> TokenStream {
    let at = names::place(method.ident().span());
    let private = &service.private.at(at);
    let command = &method.command;
    let fields = method
        .arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| {
            let field = &argument.name;
            let parameter = parameter(index, argument);
            if parameter == *field {
                quote!(#field)
            } else {
                quote!(#field: #parameter)
            }
        });
    let value = if method.arguments.is_empty() {
        quote!(#command)
    } else {
        quote!(#command { #(#fields),* })
    };
    quote_spanned!(at=> #private::Transport::call(&self.0, &#value))
}

/// Returns the name of a parameter: the user's, unless it reads as a pattern or a constant, such as
/// `Ok`, or begins with an underscore.
fn parameter(index: usize, argument: &Argument) -> Ident {
    let name = argument.name.unraw().to_string();
    if name.starts_with(|first: char| first.is_uppercase() || first == '_') {
        names::local(&format!("argument{index}"))
    } else {
        argument.name.clone()
    }
}
