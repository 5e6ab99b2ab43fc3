impl<'a> ::zmqrpc::__private::Command for Greet<'a> {
    type Arguments<'request> = ::zmqrpc::__private::OwnFields<Greet<'request>>;
    type Reply = String;
    type Failure = ::zmqrpc::__private::CallError<GreetError>;
    type Answer = ::core::result::Result<String, GreetError>;
    const METHOD: ::zmqrpc::__private::Method = ::zmqrpc::__private::Method::new(
            "",
            "greet",
            2,
            "(String, Option<Vec<u8>>) -> Result<String, GreetError>",
        )
        .shaped::<Self>(&["name", "type"], ::zmqrpc::__private::key_cell!())
        .docs("Greets somebody.")
        .timeout(::core::time::Duration::from_millis(2000));
}
