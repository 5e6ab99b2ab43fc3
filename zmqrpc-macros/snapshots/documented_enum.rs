#[automatically_derived]
#[allow(deprecated)]
impl other::zmqrpc::__private::Documented for Event {
    const DOCS: other::zmqrpc::__private::TypeDocs = other::zmqrpc::__private::TypeDocs {
        docs: "",
        fields: &[],
        variants: &[
            other::zmqrpc::__private::VariantDocs {
                name: "has_begun",
                docs: "It has begun.",
                fields: &[],
            },
            other::zmqrpc::__private::VariantDocs {
                name: "two",
                docs: "A pair.",
                fields: &[],
            },
            other::zmqrpc::__private::VariantDocs {
                name: "moved",
                docs: "",
                fields: &[
                    other::zmqrpc::__private::FieldDocs::Field(
                        "old-place",
                        "From there.",
                    ),
                ],
            },
            other::zmqrpc::__private::VariantDocs {
                name: "loud",
                docs: "",
                fields: &[
                    other::zmqrpc::__private::FieldDocs::Field("BY_FAR", "That much."),
                ],
            },
        ],
    };
}
