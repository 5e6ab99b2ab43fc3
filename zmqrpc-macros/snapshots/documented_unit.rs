#[automatically_derived]
#[allow(deprecated)]
impl ::zmqrpc::__private::Documented for Unit {
    const DOCS: ::zmqrpc::__private::TypeDocs = ::zmqrpc::__private::TypeDocs {
        docs: "",
        fields: &[],
        variants: &[],
    };
}
