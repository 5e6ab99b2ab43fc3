//! `Debug`, `Clone` and `PartialEq` for the command of a method, where its fields have them.
//!
//! A derive would be an error if one field lacked the trait. Here each field is a bound, and a
//! bound with a higher-ranked lifetime (`for<'x>`) that does not hold merely disables the impl.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Type;
use syn::ext::IdentExt;

use super::command::texts;
use crate::names;
use crate::types;

pub(super) struct StdImpls<'a> {
    pub(super) command: &'a Ident,
    pub(super) generics: Option<&'a TokenStream>,
    /// The names of the fields.
    pub(super) names: &'a [&'a Ident],
    /// The types of the fields.
    pub(super) types: &'a [Type],
}

impl StdImpls<'_> {
    pub(super) fn debug(&self) -> TokenStream {
        let names = self.names;
        let texts = texts(names);
        let command = self.command.unraw().to_string();
        let f = names::local("f");
        let body = if names.is_empty() {
            quote!(#f.write_str(#command))
        } else {
            quote!(#f.debug_struct(#command) #(.field(#texts, &self.#names))* .finish())
        };
        self.implement(
            &quote!(::core::fmt::Debug),
            &quote! {
                fn fmt(&self, #f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #body
                }
            },
        )
    }

    pub(super) fn clone(&self) -> TokenStream {
        let names = self.names;
        let body = if names.is_empty() {
            quote!(Self)
        } else {
            quote!(Self { #(#names: ::core::clone::Clone::clone(&self.#names)),* })
        };
        self.implement(
            &quote!(::core::clone::Clone),
            &quote! {
                fn clone(&self) -> Self {
                    #body
                }
            },
        )
    }

    pub(super) fn partial_eq(&self) -> TokenStream {
        let names = self.names;
        let (other, body) = if names.is_empty() {
            (names::local("_other"), quote!(true))
        } else {
            let other = names::local("other");
            let body = quote!(#(self.#names == #other.#names)&&*);
            (other, body)
        };
        self.implement(
            &quote!(::core::cmp::PartialEq),
            &quote! {
                fn eq(&self, #other: &Self) -> bool {
                    #body
                }
            },
        )
    }

    /// Returns an impl with the bound that all fields implement the trait.
    fn implement(&self, implemented: &TokenStream, items: &TokenStream) -> TokenStream {
        let mut bounded: Vec<&Type> = Vec::new();
        for ty in self.types {
            if !types::is_plain_data(ty) && !bounded.contains(&ty) {
                bounded.push(ty);
            }
        }
        let clause =
            (!bounded.is_empty()).then(|| quote!(where #(for<'x> #bounded: #implemented),*));
        let Self {
            command, generics, ..
        } = self;
        quote! {
            impl #generics #implemented for #command #generics #clause {
                #items
            }
        }
    }
}
