//! Closures and functions as services of one hand-written command each.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::command::{Call, CallContext, Command, Describer, DynService, Method, Started};

/// A function that executes one command: `Fn(C) -> C::Answer` or `Fn(&CallContext, C) -> C::Answer`.
///
/// `M` tells the two forms apart; it is inferred.
#[diagnostic::on_unimplemented(
    message = "this is no handler of a command",
    label = "expected `|command: C| ..` or `|cx: &CallContext, command: C| ..` that returns `C::Answer`",
    note = "`C` derives `Deserialize` and `zmqrpc::Command` and owns its fields: a command that borrows cannot be handled",
    note = "with `reply = R` a handler returns `R`, with `error = E` too it returns `Result<R, E>`"
)]
pub trait Handler<M>: Send + Sync + 'static {
    /// The command that it executes.
    type Command: Command + DeserializeOwned;

    /// Executes one command.
    fn handle(
        &self,
        context: &CallContext,
        command: Self::Command,
    ) -> <Self::Command as Command>::Answer;
}

impl<F, C> Handler<(C,)> for F
where
    F: Fn(C) -> C::Answer + Send + Sync + 'static,
    C: Command + DeserializeOwned,
{
    type Command = C;

    fn handle(&self, _: &CallContext, command: C) -> C::Answer {
        self(command)
    }
}

impl<F, C> Handler<(CallContext, C)> for F
where
    F: Fn(&CallContext, C) -> C::Answer + Send + Sync + 'static,
    C: Command + DeserializeOwned,
{
    type Command = C;

    fn handle(&self, context: &CallContext, command: C) -> C::Answer {
        self(context, command)
    }
}

/// An `async` function that executes one command: `Fn(C) -> impl Future<Output = C::Answer>`, or with the
/// [`CallContext`] as its first argument, which it then owns.
///
/// `M` tells the two forms apart; it is inferred.
#[diagnostic::on_unimplemented(
    message = "this is no async handler of a command",
    label = "expected `|command: C| async move {{ .. }}` that returns `C::Answer`, in a future that is `Send`",
    note = "`C` derives `Deserialize` and `zmqrpc::Command` and owns its fields: a command that borrows cannot be handled"
)]
pub trait AsyncHandler<M>: Send + Sync + 'static {
    /// The command that it executes.
    type Command: Command + DeserializeOwned + Send + 'static;

    /// Executes one command.
    fn handle(
        &self,
        context: CallContext,
        command: Self::Command,
    ) -> impl Future<Output = <Self::Command as Command>::Answer> + Send;
}

impl<F, C, A> AsyncHandler<(C,)> for F
where
    F: Fn(C) -> A + Send + Sync + 'static,
    C: Command + DeserializeOwned + Send + 'static,
    A: Future<Output = C::Answer> + Send,
{
    type Command = C;

    fn handle(&self, _: CallContext, command: C) -> impl Future<Output = C::Answer> + Send {
        self(command)
    }
}

impl<F, C, A> AsyncHandler<(CallContext, C)> for F
where
    F: Fn(CallContext, C) -> A + Send + Sync + 'static,
    C: Command + DeserializeOwned + Send + 'static,
    A: Future<Output = C::Answer> + Send,
{
    type Command = C;

    fn handle(&self, context: CallContext, command: C) -> impl Future<Output = C::Answer> + Send {
        self(context, command)
    }
}

/// A handler as a service of one method.
pub(super) struct Plain<H, M>(H, PhantomData<fn() -> M>);

impl<H, M> Plain<H, M> {
    pub(super) fn new(handler: H) -> Self {
        Self(handler, PhantomData)
    }
}

impl<H: Handler<M>, M> DynService for Plain<H, M> {
    fn methods(&self) -> Vec<&'static Method> {
        vec![const { &<H::Command as Command>::METHOD }]
    }

    fn describe(&self, describer: &mut Describer) {
        describer.add("", &<H::Command as Command>::METHOD);
    }

    fn start(&self, _: usize, call: Call) -> Started {
        let command = call.command();
        let result = command.and_then(|command| {
            let answer = self.0.handle(call.context(), command);
            call.reply::<H::Command>(answer)
        });
        call.recycle();
        Started::Done(result)
    }
}

/// An async handler as a service of one method.
pub(super) struct Async<H, M>(Arc<H>, PhantomData<fn() -> M>);

impl<H, M> Async<H, M> {
    pub(super) fn new(handler: H) -> Self {
        Self(Arc::new(handler), PhantomData)
    }
}

impl<H: AsyncHandler<M>, M> DynService for Async<H, M> {
    fn methods(&self) -> Vec<&'static Method> {
        vec![const { &<H::Command as Command>::METHOD }]
    }

    fn describe(&self, describer: &mut Describer) {
        describer.add("", &<H::Command as Command>::METHOD);
    }

    fn start(&self, _: usize, call: Call) -> Started {
        let handler = Arc::clone(&self.0);
        Started::Task(Box::pin(async move {
            let command = call.command()?;
            let (context, reply_context) = call.into_parts();
            reply_context.reply::<H::Command>(handler.handle(context, command).await)
        }))
    }
}
