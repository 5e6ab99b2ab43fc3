//! Types may have the names that generated code gives its type parameters.

use serde::{Deserialize, Serialize};
use zmqrpc::zmq_service;

macro_rules! types {
    ($($name:ident)*) => {
        $(
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub struct $name(u8);
        )*
    };
}

types!(T U Z S0 A);

#[zmq_service]
trait S {
    fn all(&self, t: T, u: &U, z: Option<&Z>, s: S0, a: Vec<A>) -> T;
    fn fallible(&self, t: T) -> Result<U, T>;
    async fn later(&self, z: &Z) -> S0;
}

struct X;

impl S for X {
    fn all(&self, t: T, u: &U, z: Option<&Z>, s: S0, a: Vec<A>) -> T {
        T(t.0 + u.0 + z.map_or(0, |z| z.0) + s.0 + a.len() as u8)
    }

    fn fallible(&self, t: T) -> Result<U, T> {
        Ok(U(t.0))
    }

    async fn later(&self, z: &Z) -> S0 {
        S0(z.0)
    }
}

fn main() {
    let client = SClient::local(X);
    assert_eq!(
        client
            .all(T(1), &U(2), Some(&Z(3)), S0(4), vec![A(0)])
            .unwrap(),
        T(11)
    );
    assert_eq!(client.fallible(T(1)).unwrap(), U(1));
    assert_eq!(client.later(&Z(1)).unwrap(), S0(1));
}
