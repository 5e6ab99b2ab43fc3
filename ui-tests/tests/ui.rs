//! Every file in `pass` has to compile and to run, every file in `fail` has to fail as its
//! `.stderr` says.

#[test]
fn services_compile_or_say_what_is_wrong() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
}
