//! `#[derive(Documented)]`: makes a constant of the comments on a type, on its fields and on its variants.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Type, Variant};

use crate::attributes::Attributes;
use crate::errors::Errors;
use crate::names::Private;
use crate::options::{self, DocumentedOptions};
use crate::serde_names::{RenameRule, SerdeNames};
use crate::types;

/// Expands `#[derive(Documented)] item`.
pub(crate) fn derive_documented(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let mut options = DocumentedOptions::default();
    for attribute in options_in(&input.attrs) {
        options::read_attribute(attribute, &mut options, &mut errors);
    }
    check(&input, &mut errors);
    // Whoever names the type as documented gets no second error.
    let expansion = Expansion {
        private: Private::new(options.runtime.as_ref()),
        names: SerdeNames::of(&input.attrs),
    };
    let expansion = expansion.of(&input);
    let errors = errors.into_compile_errors();
    quote!(#expansion #errors)
}

fn options_in(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    let is_option = |attribute: &&Attribute| attribute.path().is_ident("documented");
    attributes.iter().filter(is_option)
}

/// Reports violations of the rules for documented types.
fn check(input: &DeriveInput, errors: &mut Errors) {
    let (variants, fields): (Vec<&Variant>, Vec<&Field>) = match &input.data {
        Data::Struct(data) => (Vec::new(), data.fields.iter().collect()),
        Data::Enum(data) => {
            let fields = data.variants.iter().flat_map(|variant| &variant.fields);
            (data.variants.iter().collect(), fields.collect())
        }
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "a documented type is a struct or an enum: a union cannot be serialized",
            );
            (Vec::new(), data.fields.named.iter().collect())
        }
    };
    let of_variants = variants.iter().flat_map(|variant| &variant.attrs);
    let of_fields = fields.iter().flat_map(|field| &field.attrs);
    for attribute in of_variants.chain(of_fields) {
        if attribute.path().is_ident("documented") {
            errors.at(
                attribute,
                "`#[documented(..)]` is for the type: fields and variants have no options",
            );
        }
    }
}

struct Expansion {
    private: Private,
    /// What serde's attributes of the type say.
    names: SerdeNames,
}

impl Expansion {
    fn of(&self, input: &DeriveInput) -> TokenStream {
        let private = &self.private;
        let ident = &input.ident;
        let docs = Attributes::sorted(&input.attrs).doc_text();
        let (fields, variants) = match &input.data {
            Data::Struct(data) => (self.fields(&data.fields, self.names.rename_all), Vec::new()),
            Data::Enum(data) => {
                let variants = data.variants.iter();
                let variants = variants.filter_map(|variant| self.variant(variant));
                (Vec::new(), variants.collect())
            }
            Data::Union(_) => (Vec::new(), Vec::new()),
        };
        let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #impl_generics #private::Documented for #ident #type_generics #where_clause {
                const DOCS: #private::TypeDocs = #private::TypeDocs {
                    docs: #docs,
                    fields: &[#(#fields),*],
                    variants: &[#(#variants),*],
                };
            }
        }
    }

    /// Returns the documentation of a variant and of its fields, if it has any.
    fn variant(&self, variant: &Variant) -> Option<TokenStream> {
        let private = &self.private;
        let names = SerdeNames::of(&variant.attrs);
        if names.is_skipped {
            return None;
        }
        let rule = names.rename_all.or(self.names.rename_all_fields);
        let fields = self.fields(&variant.fields, rule);
        let docs = Attributes::sorted(&variant.attrs).doc_text();
        if docs.is_empty() && fields.is_empty() {
            return None;
        }
        let name = names.rename.unwrap_or_else(|| {
            let name = variant.ident.unraw().to_string();
            let rule = self.names.rename_all;
            rule.map_or_else(|| name.clone(), |rule| rule.of_variant(&name))
        });
        Some(quote! {
            #private::VariantDocs { name: #name, docs: #docs, fields: &[#(#fields),*] }
        })
    }

    /// Returns the documentation of those fields that have one. Without names there is no place for it.
    fn fields(&self, fields: &Fields, rule: Option<RenameRule>) -> Vec<TokenStream> {
        let Fields::Named(fields) = fields else {
            return Vec::new();
        };
        let fields = fields.named.iter();
        let fields = fields.map(|field| (field, SerdeNames::of(&field.attrs)));
        let (flattened, own): (Vec<_>, Vec<_>) = fields
            .filter(|(_, names)| !names.is_skipped)
            .partition(|(_, names)| names.is_flattened);
        let flattened = flattened
            .into_iter()
            .map(|(field, _)| self.flattened(&field.ty));
        let own = own
            .into_iter()
            .filter_map(|(field, names)| self.field(field, names, rule));
        // Of two fields of one name serde reads the own one: what it says comes last, and stays.
        flattened.chain(own).collect()
    }

    fn field(
        &self,
        field: &Field,
        names: SerdeNames,
        rule: Option<RenameRule>,
    ) -> Option<TokenStream> {
        let private = &self.private;
        let docs = Attributes::sorted(&field.attrs).doc_text();
        let name = field.ident.as_ref().filter(|_| !docs.is_empty())?;
        let name = names.rename.unwrap_or_else(|| {
            let name = name.unraw().to_string();
            rule.map_or_else(|| name.clone(), |rule| rule.of_field(&name))
        });
        Some(quote!(#private::FieldDocs::Field(#name, #docs)))
    }

    /// Returns the documentation of the fields of a flattened type, where that is documented.
    fn flattened(&self, ty: &Type) -> TokenStream {
        let private = &self.private;
        let ty = unwrapped(ty);
        quote! {
            #private::FieldDocs::Flattened(|| {
                #[allow(unused_imports)]
                use #private::Undocumented as _;
                #private::DocsOf::<#ty>::FOUND
            })
        }
    }
}

/// Returns the type within what serde reads through: `Option<T>` and `Box<T>`.
fn unwrapped(ty: &Type) -> &Type {
    let inner = types::std_argument(ty, "option", "Option");
    let inner = inner.or_else(|| types::std_argument(ty, "boxed", "Box"));
    inner.map_or(ty, unwrapped)
}
