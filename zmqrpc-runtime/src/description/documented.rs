//! Documentation of types: `Deserialize`, by which shapes are found out, has none.

use std::any::type_name;
use std::marker::PhantomData;

use super::labels::tagged_enum;
use super::{Body, Description, Fields, Payload, Type, Variants};

/// A type that knows its documentation: what is written above it, above its fields and above its variants.
///
/// `#[derive(zmqrpc::Documented)]` implements it, beside serde's derives. Nothing needs it; but shapes are found out by
/// `Deserialize`, which has no documentation, so descriptions have that of types for those alone that
/// [`ServerBuilder::document`](crate::ServerBuilder::document) or [`Description::document`] names.
///
/// ```
/// use zmqrpc_runtime::schema::{Description, Documented};
///
/// /// Returns the description with what is known of two types, such as an order and its lines.
/// fn documented<O: Documented, L: Documented>(description: Description) -> Description {
///     description.document::<O>().document::<L>()
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not know its documentation",
    note = "`#[derive(zmqrpc::Documented)]` on the type takes it from its comments"
)]
pub trait Documented {
    /// What the derive has read; not to be written by hand.
    #[doc(hidden)]
    const DOCS: TypeDocs;
}

/// The documentation of a type, under the names that travel. What has none is left out.
#[derive(Clone, Copy, Debug)]
pub struct TypeDocs {
    /// That of the type itself.
    pub docs: &'static str,
    /// Those of a struct.
    pub fields: &'static [FieldDocs],
    /// Those of an enum.
    pub variants: &'static [VariantDocs],
}

/// The documentation of a variant.
#[derive(Clone, Copy, Debug)]
pub struct VariantDocs {
    /// The name that travels.
    pub name: &'static str,
    /// That of the variant itself.
    pub docs: &'static str,
    /// Those of a variant that has fields with names.
    pub fields: &'static [FieldDocs],
}

/// The documentation of fields.
#[derive(Clone, Copy, Debug)]
pub enum FieldDocs {
    /// The name that travels, and its documentation.
    Field(&'static str, &'static str),
    /// A flattened field, whose own fields travel in its place: what its type knows of them, see [`DocsOf`]. A function,
    /// since a type may be flattened into itself.
    Flattened(fn() -> Option<TypeDocs>),
}

/// Tells whether a type is [`Documented`], without a bound that asks for it: where it is, `FOUND` is the constant of this
/// type, otherwise that of [`Undocumented`], which has to be in scope.
#[derive(Debug)]
pub struct DocsOf<T: ?Sized>(PhantomData<T>);

impl<T: Documented + ?Sized> DocsOf<T> {
    /// The documentation that there is.
    pub const FOUND: Option<TypeDocs> = Some(T::DOCS);
}

/// What [`DocsOf`] says of all other types.
pub trait Undocumented {
    /// There is no documentation.
    const FOUND: Option<TypeDocs> = None;
}

impl<T: ?Sized> Undocumented for DocsOf<T> {}

/// The documentation of a type, and which one that is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedDocs {
    /// As the compiler names it.
    rust: &'static str,
    docs: TypeDocs,
}

impl NamedDocs {
    /// Returns that of the type `T`.
    pub(crate) fn of<T: Documented + ?Sized>() -> Self {
        Self {
            rust: type_name::<T>(),
            docs: T::DOCS,
        }
    }
}

/// How deep flattened fields are followed.
const MAX_FLATTENED: usize = 8;

impl Description {
    /// Adds the documentation of a type, which shapes are found out without; to that in the description if it is already
    /// there, where this one has a text. Nothing happens if no method uses the type.
    ///
    /// It is found by the compiler's name of it, [`Type::rust`]: in the description of another program, only a type at the
    /// same path.
    ///
    /// # Examples
    ///
    /// ```
    /// use zmqrpc_runtime::schema::{self, Described, Documented};
    ///
    /// /// Writes a client in Python for what a generated client calls, with the comments on one of its types.
    /// fn in_python<C: Described, T: Documented>() -> String {
    ///     schema::of::<C>().document::<T>().to_python()
    /// }
    /// ```
    #[must_use]
    pub fn document<T: Documented + ?Sized>(mut self) -> Self {
        self.add_docs(&NamedDocs::of::<T>());
        self
    }

    pub(crate) fn add_docs(&mut self, named: &NamedDocs) {
        for found in self.types.values_mut() {
            if found.rust == named.rust {
                found.add_docs(&named.docs);
            } else if tagged_enum(&found.rust) == Some(named.rust)
                && let Body::Enum(tags) = &mut found.body
            {
                tags.add_docs(named.docs.variants);
            }
        }
    }
}

impl Type {
    fn add_docs(&mut self, docs: &TypeDocs) {
        set(&mut self.docs, docs.docs);
        for body in [Some(&mut self.body), self.text.as_mut()]
            .into_iter()
            .flatten()
        {
            match body {
                Body::Struct(fields) | Body::Open(fields) => fields.add_docs(docs.fields, 0),
                Body::Enum(variants) => variants.add_docs(docs.variants),
                Body::Is(_) | Body::Unit | Body::Tuple(_) => {}
            }
        }
    }
}

impl Fields {
    /// Adds documentation that came through `flattened` types.
    fn add_docs(&mut self, docs: &[FieldDocs], flattened: usize) {
        for docs in docs {
            match docs {
                FieldDocs::Field(name, text) => {
                    let is_it =
                        |field: &&mut super::Field| is_named(name, &field.name, &field.aliases);
                    if let Some(field) = self.fields.iter_mut().find(is_it) {
                        set(&mut field.docs, text);
                    }
                }
                FieldDocs::Flattened(inner) => {
                    if flattened < MAX_FLATTENED
                        && let Some(inner) = inner()
                    {
                        self.add_docs(inner.fields, flattened + 1);
                    }
                }
            }
        }
    }
}

impl Variants {
    fn add_docs(&mut self, docs: &[VariantDocs]) {
        for docs in docs {
            let is_it = |variant: &&mut super::Variant| {
                is_named(docs.name, &variant.name, &variant.aliases)
            };
            if let Some(variant) = self.variants.iter_mut().find(is_it) {
                set(&mut variant.docs, docs.docs);
                if let Payload::Struct(fields) = &mut variant.body {
                    fields.add_docs(docs.fields, 0);
                }
            }
        }
    }
}

/// Returns whether it is the one of this name. Serde lists names in the order of the alphabet, so the first is not always
/// the one that is written.
fn is_named(name: &str, first: &str, aliases: &[String]) -> bool {
    first == name || aliases.iter().any(|alias| alias == name)
}

fn set(docs: &mut String, text: &str) {
    if !text.is_empty() {
        text.clone_into(docs);
    }
}
