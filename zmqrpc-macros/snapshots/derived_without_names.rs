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
        .shaped::<Self>(&["0", "1"], other::zmqrpc::__private::key_cell!())
        .oneway();
}
