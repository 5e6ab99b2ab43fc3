//! The user's trait, with its signatures as declared.
//!
//! Only `async` is desugared: the future has to be `Send`, or servers could not spawn it, and an
//! `async fn` in a trait cannot declare that. Implementations still use `async fn`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Block, Expr, FnArg, ReturnType, Stmt, Token, TraitItem, TraitItemFn, Type,
    TypeParamBound,
};

use crate::options;
use crate::service::model::Service;

pub(super) fn service_trait(service: &Service) -> TokenStream {
    let mut item = service.item.clone();
    item.attrs.retain(is_not_ours);
    item.colon_token.get_or_insert_default();
    item.supertraits.extend(
        [
            quote!(::core::marker::Send),
            quote!(::core::marker::Sync),
            quote!('static),
        ]
        .map(TypeParamBound::Verbatim),
    );
    for item in &mut item.items {
        if let TraitItem::Fn(method) = item {
            remove_reported(method);
            desugar_async(method);
        }
    }
    item.into_token_stream()
}

/// Removes what has been reported already and would cause a further error of rustc.
fn remove_reported(method: &mut TraitItemFn) {
    method.attrs.retain(is_not_ours);
    method.sig.constness = None;
    for input in &mut method.sig.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.retain(is_not_ours),
            FnArg::Typed(typed) => typed.attrs.retain(is_not_ours),
        }
    }
}

fn is_not_ours(attribute: &Attribute) -> bool {
    !attribute.path().is_ident("zmq") && !options::is_conditional(attribute)
}

fn desugar_async(method: &mut TraitItemFn) {
    if method.sig.asyncness.take().is_none() {
        return;
    }
    let output = match &method.sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    let future = quote! {
        impl ::core::future::Future<Output = #output> + ::core::marker::Send
    };
    method.sig.output = ReturnType::Type(
        Token![->](Span::call_site()),
        Box::new(Type::Verbatim(future)),
    );
    method.default = method.default.as_ref().map(async_block);
}

/// Turns `{ body }` into `{ async move { body } }`.
fn async_block(body: &Block) -> Block {
    Block {
        brace_token: body.brace_token,
        stmts: vec![Stmt::Expr(Expr::Verbatim(quote!(async move #body)), None)],
    }
}
