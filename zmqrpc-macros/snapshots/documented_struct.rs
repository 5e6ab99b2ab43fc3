#[automatically_derived]
#[allow(deprecated)]
impl<'a, T: Clone, const N: usize> ::zmqrpc::__private::Documented for Order<'a, T, N>
where
    T: Copy,
{
    const DOCS: ::zmqrpc::__private::TypeDocs = ::zmqrpc::__private::TypeDocs {
        docs: "What a customer orders.\n\nOnce.",
        fields: &[
            ::zmqrpc::__private::FieldDocs::Flattened(|| {
                #[allow(unused_imports)]
                use ::zmqrpc::__private::Undocumented as _;
                ::zmqrpc::__private::DocsOf::<Rest<T>>::FOUND
            }),
            ::zmqrpc::__private::FieldDocs::Field(
                "orderNumber",
                "Counted up by the shop.",
            ),
            ::zmqrpc::__private::FieldDocs::Field("in", "Said by the customer."),
        ],
        variants: &[],
    };
}
