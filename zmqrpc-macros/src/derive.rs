//! `#[derive(Command)]`: makes a command of a struct, without a trait.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Field, GenericParam, Lifetime};

use crate::attributes::Attributes;
use crate::command::Description;
use crate::errors::Errors;
use crate::names::{self, Private};
use crate::options::{self, CommandOptions};
use crate::output::Output;
use crate::rules;
use crate::signature;

/// Expands `#[derive(Command)] item`.
pub(crate) fn derive_command(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let mut options = CommandOptions::default();
    for attribute in &input.attrs {
        if attribute.path().is_ident("command") {
            options::read_attribute(attribute, &mut options, &mut errors);
        }
    }
    check(&input, &options, &mut errors);
    // An impl without the bounds that generics need would cause a second error.
    let generic = type_parameters(&input).next().is_some();
    // And a false one where the fields cannot be decoded yet.
    let is_wrong = errors.len() > 0;
    let expansion = (!generic).then(|| expand(&input, options, is_wrong));
    let errors = errors.into_compile_errors();
    quote!(#expansion #errors)
}

/// Reports violations of the rules for derived commands.
fn check(input: &DeriveInput, options: &CommandOptions, errors: &mut Errors) {
    match &input.data {
        Data::Struct(_) => {}
        Data::Enum(data) => errors.at(
            data.enum_token,
            "a command is a struct: one command per variant",
        ),
        Data::Union(data) => errors.at(
            data.union_token,
            "a command is a struct: a union cannot be serialized",
        ),
    }
    for parameter in type_parameters(input) {
        errors.at(
            parameter,
            "a command has no type parameters: its types have to be known at both ends of a call",
        );
    }
    for ty in options.reply.iter().chain(&options.error) {
        rules::check_reply(ty, errors);
    }
    if let Some(oneway) = &options.call.oneway
        && (options.reply.is_some() || options.error.is_some())
    {
        errors.at(
            oneway,
            "nobody waits for a oneway command: it has neither `reply` nor `error`",
        );
    }
}

fn type_parameters(input: &DeriveInput) -> impl Iterator<Item = &GenericParam> {
    let parameters = input.generics.params.iter();
    parameters.filter(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
}

fn fields(data: &Data) -> Vec<&Field> {
    match data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(_) | Data::Union(_) => Vec::new(),
    }
}

fn expand(input: &DeriveInput, options: CommandOptions, is_wrong: bool) -> TokenStream {
    let private = Private::new(options.service.runtime.as_ref());
    let output = Output::of_command(options.reply, options.error);
    let fields = fields(&input.data);
    let name = options
        .service
        .name
        .map_or_else(|| input.ident.unraw().to_string(), |name| name.value());
    let arguments = fields
        .iter()
        .enumerate()
        .map(|(index, field)| match &field.ident {
            Some(name) => name.unraw().to_string(),
            None => index.to_string(),
        });
    let attributes = Attributes::sorted(&input.attrs);
    let lifetime = fresh_lifetime(input);
    let is_untold = is_wrong || options.signature_key.is_some();
    let description = Description {
        service: "",
        name: &name,
        version: options.service.version.as_ref(),
        signature: signature::signature(fields.iter().map(|field| &field.ty), &output.signature),
        arguments: arguments.collect(),
        decoded: decoded(input, &lifetime, is_untold, &private),
        lifetime: lifetime.clone(),
        docs: attributes.doc_text(),
        deprecation: attributes.deprecation(),
        options: &options.call,
        output: &output,
        private: &private,
    };
    let ident = &input.ident;
    let message = format!("the reply of `{ident}` is a `Result`: write `reply = T, error = E`");
    let check = output.check(&message, &private);
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        impl #impl_generics #private::Command for #ident #type_generics #where_clause {
            #description
        }
        #check
    }
}

/// Returns the type that a server decodes: the command, which borrows from the request.
fn decoded(
    input: &DeriveInput,
    lifetime: &Lifetime,
    is_untold: bool,
    private: &Private,
) -> TokenStream {
    if is_untold {
        return quote!(#private::Untold);
    }
    let ident = &input.ident;
    let lifetimes = input.generics.lifetimes().map(|_| lifetime);
    names::placed(
        quote!(#private::OwnFields<#ident<#(#lifetimes),*>>),
        ident.span(),
    )
}

/// Returns a lifetime that the command has not: it would be shadowed.
fn fresh_lifetime(input: &DeriveInput) -> Lifetime {
    let mut name = "'request".to_owned();
    while input
        .generics
        .lifetimes()
        .any(|parameter| parameter.lifetime.to_string() == name)
    {
        name.push('_');
    }
    Lifetime::new(&name, Span::mixed_site())
}
