//! A type may have the name of one of std's: what it is decides, not how it is called.

#![allow(clippy::ptr_arg)]

mod short {
    use serde::{Deserialize, Serialize};

    /// At most `N` of them, as in code without an allocator.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Vec<T, const N: usize = 4>(pub std::vec::Vec<T>);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub enum Option<T> {
        Nothing,
        Something(T),
    }
}

mod full_path {
    use super::short;
    use zmqrpc::zmq_service;

    #[zmq_service]
    pub(crate) trait Radio {
        fn send(&self, frame: short::Vec<u8, 16>) -> short::Vec<u8, 16>;
        fn guess(&self, frame: short::Vec<u8>) -> short::Vec<u8>;
        fn lend(&self, frame: &short::Vec<u8>, some: Option<&short::Vec<u8>>) -> usize;
        fn maybe(&self, frame: short::Option<Vec<u8>>) -> short::Option<Vec<u8>>;
        fn standard(&self, bytes: std::vec::Vec<u8>, core: core::option::Option<Vec<u8>>) -> usize;
    }

    pub(crate) struct Mast;

    impl Radio for Mast {
        fn send(&self, frame: short::Vec<u8, 16>) -> short::Vec<u8, 16> {
            frame
        }

        fn guess(&self, frame: short::Vec<u8>) -> short::Vec<u8> {
            frame
        }

        fn lend(&self, frame: &short::Vec<u8>, some: Option<&short::Vec<u8>>) -> usize {
            frame.0.len() + some.map_or(0, |some| some.0.len())
        }

        fn maybe(&self, frame: short::Option<Vec<u8>>) -> short::Option<Vec<u8>> {
            frame
        }

        fn standard(&self, bytes: Vec<u8>, core: Option<Vec<u8>>) -> usize {
            bytes.len() + core.map_or(0, |core| core.len())
        }
    }
}

mod imported {
    use super::short::{Option, Vec};
    use zmqrpc::zmq_service;

    pub(crate) type Frame = std::vec::Vec<u8>;

    #[zmq_service]
    pub(crate) trait Radio {
        fn guess(&self, frame: Vec<u8>) -> Vec<u8>;
        fn lend(&self, frame: &Vec<u8>) -> usize;
        fn maybe(&self, frame: Option<Vec<u8>>) -> Option<Vec<u8>>;
        fn alias(&self, frame: Frame, some: std::option::Option<Frame>) -> usize;
        async fn later(&self, frame: Vec<u8>, other: &Vec<u8>) -> usize;
    }

    pub(crate) struct Mast;

    impl Radio for Mast {
        fn guess(&self, frame: Vec<u8>) -> Vec<u8> {
            frame
        }

        fn lend(&self, frame: &Vec<u8>) -> usize {
            frame.0.len()
        }

        fn maybe(&self, frame: Option<Vec<u8>>) -> Option<Vec<u8>> {
            frame
        }

        fn alias(&self, frame: Frame, some: std::option::Option<Frame>) -> usize {
            frame.len() + some.map_or(0, |some| some.len())
        }

        async fn later(&self, frame: Vec<u8>, other: &Vec<u8>) -> usize {
            frame.0.len() + other.0.len()
        }
    }
}

fn main() {
    let bytes = || short::Vec::<u8>(vec![1, 2, 3]);
    let radio = full_path::RadioClient::local(full_path::Mast);
    let frame = short::Vec::<u8, 16>(vec![7]);
    assert_eq!(radio.send(frame.clone()).unwrap(), frame);
    assert_eq!(radio.guess(bytes()).unwrap(), bytes());
    assert_eq!(radio.lend(&bytes(), Some(&bytes())).unwrap(), 6);
    let some = short::Option::Something(vec![1]);
    assert_eq!(radio.maybe(some.clone()).unwrap(), some);
    assert_eq!(radio.standard(vec![1], Some(vec![2, 3])).unwrap(), 3);

    let radio = imported::RadioClient::local(imported::Mast);
    assert_eq!(radio.guess(bytes()).unwrap(), bytes());
    assert_eq!(radio.lend(&bytes()).unwrap(), 3);
    let some = short::Option::Something(bytes());
    assert_eq!(radio.maybe(some.clone()).unwrap(), some);
    assert_eq!(
        radio.maybe(short::Option::Nothing).unwrap(),
        short::Option::Nothing
    );
    assert_eq!(radio.alias(vec![1], Some(vec![2])).unwrap(), 2);
    assert_eq!(radio.later(bytes(), &bytes()).unwrap(), 6);
}
