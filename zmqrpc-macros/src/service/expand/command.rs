//! The command of a method: a struct of its arguments, and its impls.
//!
//! The command serializes as the tuple of its fields, by a minimal impl: serde's derive would be
//! several times as much code for rustc to compile.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Lifetime, Type};

use super::std_impls::StdImpls;
use crate::command::Description;
use crate::names::{self, Private};
use crate::service::model::{Argument, Method, Service};
use crate::signature;
use crate::types;

pub(super) fn command(service: &Service, method: &Method) -> TokenStream {
    let command = Command::new(service, method);
    let declaration = command.declaration();
    let impls = [
        command.serialize(),
        command.describe(),
        command.std_impls().debug(),
        command.std_impls().clone(),
        command.std_impls().partial_eq(),
    ];
    let items = impls.into_iter().chain(command.check_output());
    let conditions = service.conditions_of(method);
    let lints = service.lints_of(method);
    quote! {
        #declaration
        #(#conditions #lints #items)*
    }
}

/// Returns the command as a type: `CalculatorPut<'_>`.
pub(super) fn command_type(method: &Method) -> TokenStream {
    let command = &method.command;
    if method.borrows() {
        quote!(#command<'_>)
    } else {
        quote!(#command)
    }
}

struct Command<'a> {
    service: &'a Service,
    method: &'a Method,
    names: Vec<&'a Ident>,
    /// The types of the fields, with the command's lifetime.
    types: Vec<Type>,
    /// `<'a>` if the command borrows.
    generics: Option<TokenStream>,
}

impl<'a> Command<'a> {
    fn new(service: &'a Service, method: &'a Method) -> Self {
        let lifetime = Lifetime::new("'a", Span::mixed_site());
        let arguments = method.arguments.iter();
        Self {
            service,
            method,
            names: arguments.clone().map(|argument| &argument.name).collect(),
            types: arguments
                .map(|argument| types::with_lifetime(&argument.ty, &lifetime))
                .collect(),
            generics: method.borrows().then(|| quote!(<#lifetime>)),
        }
    }

    fn declaration(&self) -> TokenStream {
        let Self {
            service,
            method,
            names,
            types,
            generics,
        } = self;
        let visibility = &service.item.vis;
        let command = &method.command;
        let about = format!(
            " The arguments of [`{}`], as a command.",
            service.link_to(method)
        );
        let conditions = service.conditions_of(method);
        let lints = service.lints_of(method);
        let allow_underscores = self.allow_underscores();
        let docs = method.attributes.docs();
        let separator = method
            .attributes
            .is_documented()
            .then(|| quote!(#[doc = ""]));
        let field_docs = names
            .iter()
            .map(|name| format!(" The argument `{}`.", name.unraw()));
        let body = if names.is_empty() {
            quote!(;)
        } else {
            quote!({ #(#[doc = #field_docs] #visibility #names: #types),* })
        };
        quote! {
            #[doc = #about]
            #separator
            #docs
            #conditions
            #lints
            #allow_underscores
            #visibility struct #command #generics #body
        }
    }

    /// Allows a public field `_key`, from an argument of that name, which clippy would report.
    fn allow_underscores(&self) -> Option<TokenStream> {
        self.names
            .iter()
            .any(|name| name.to_string().starts_with('_'))
            .then(|| quote!(#[allow(clippy::pub_underscore_fields)]))
    }

    fn serialize(&self) -> TokenStream {
        let at = names::place(self.method.ident().span());
        let private = &self.service.private.at(at);
        let command = command_type(self.method);
        let serialized = |argument: &Argument| {
            let name = &argument.name;
            argument.passing.serialized(&quote!(self.#name), private)
        };
        let fields = self.method.arguments.iter().map(serialized);
        let tuple = if self.names.is_empty() {
            quote!(#private::NoArgs)
        } else {
            quote_spanned!(at=> (#(#fields,)*))
        };
        quote_spanned! {at=>
            impl #private::Serialize for #command {
                fn serialize<Z: #private::Serializer>(
                    &self,
                    serializer: Z,
                ) -> ::core::result::Result<Z::Ok, Z::Error> {
                    #private::Serialize::serialize(&#tuple, serializer)
                }
            }
        }
    }

    fn describe(&self) -> TokenStream {
        let Self {
            service, method, ..
        } = self;
        let at = names::place(method.ident().span());
        let private = &service.private.at(at);
        let command = command_type(method);
        let argument_types = method.arguments.iter().map(|argument| &argument.ty);
        let lifetime = Lifetime::new("'a", Span::mixed_site());
        let description = Description {
            service: &service.name,
            name: &method.name,
            version: service.version.as_ref(),
            signature: signature::signature(argument_types, &method.output.signature),
            arguments: texts(&self.names),
            decoded: self.decoded(&lifetime, private),
            lifetime,
            docs: method.attributes.doc_text(),
            deprecation: method.attributes.deprecation(),
            options: &method.options,
            output: &method.output,
            private,
        };
        quote_spanned! {at=>
            impl #private::Command for #command {
                #description
            }
        }
    }

    /// Returns the tuple that a server decodes.
    fn decoded(&self, lifetime: &Lifetime, private: &Private) -> TokenStream {
        if self.names.is_empty() {
            return quote!(#private::NoArgs);
        }
        let arguments = self.method.arguments.iter();
        let types = arguments.map(|argument| argument.passing.decoded(lifetime, private));
        quote_spanned!(names::place(self.method.ident().span())=> (#(#types,)*))
    }

    fn check_output(&self) -> Option<TokenStream> {
        let method = self.service.link_to(self.method);
        let message = format!(
            "the return type of `{method}` is another name of a `Result`, which the macro cannot \
             see: write `Result<T, E>`, or name the alias `Result`"
        );
        self.method.output.check(&message, &self.service.private)
    }

    fn std_impls(&self) -> StdImpls<'_> {
        StdImpls {
            command: &self.method.command,
            generics: self.generics.as_ref(),
            names: &self.names,
            types: &self.types,
        }
    }
}

/// Returns the names as text, without `r#`.
pub(super) fn texts(names: &[&Ident]) -> Vec<String> {
    names.iter().map(|name| name.unraw().to_string()).collect()
}
