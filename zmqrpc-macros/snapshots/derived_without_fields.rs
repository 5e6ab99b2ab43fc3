impl ::zmqrpc::__private::Command for Unit {
    type Arguments<'request> = ::zmqrpc::__private::OwnFields<Unit>;
    type Reply = ();
    type Failure = ::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "",
            "Unit",
            1,
            "() -> ()",
        )
        .shaped::<Self>(&[], ::zmqrpc::__private::key_cell!());
}
