//! What these tests begin with, and which error they expect.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use zmqrpc::{Error, Executed, Server, ServerBuilder};

use super::support::{ProbeServer, Prober};

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn builder() -> ServerBuilder {
    Server::builder().service(ProbeServer::new(Prober::default()))
}

/// A directory that goes at the end of the test.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("zmqrpc-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn ipc(&self, file: &str) -> String {
        format!("ipc://{}", self.0.join(file).display())
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700));
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[track_caller]
pub(crate) fn setting(error: Result<impl Sized, Error>, name: &str) -> String {
    match error.err() {
        Some(Error::Config {
            setting, reason, ..
        }) => {
            assert_eq!(setting, name);
            reason.into()
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn endpoint(error: Result<impl Sized, Error>, text: &str) -> String {
    let error = error.err();
    assert_eq!(error.as_ref().and_then(Error::endpoint), Some(text));
    match error {
        Some(error @ Error::Endpoint { .. }) => {
            assert_eq!(error.executed(), Executed::No);
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}
