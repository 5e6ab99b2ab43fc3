impl other::zmqrpc::__private::Command for Pair {
    type Arguments<'request> = other::zmqrpc::__private::OwnFields<Pair>;
    type Reply = ();
    type Failure = other::zmqrpc::__private::Error;
    type Answer = ();
    const METHOD: other::zmqrpc::__private::Method = other::zmqrpc::__private::Method::new(
            "",
            "Pair",
            1,
            "(u8, Vec<Item>) -> ()",
        )
        .arguments(&["0", "1"])
        .oneway();
}
