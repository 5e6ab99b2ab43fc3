//! Unix sockets at a path: bound here and handed to libzmq, which would first delete any file at the path.
//!
//! libzmq deletes the file even if another server listens at it, and that server's clients then reach the new one
//! (<https://github.com/zeromq/libzmq/issues/2059>). This module replaces only the socket of a server that no longer
//! runs, and on close deletes only its own file.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Result};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};

use super::SocketError;
use super::process::Process;
use crate::log;

/// A path that this process listens at. Dropping it deletes the file, unless another process has replaced it.
#[derive(Debug)]
pub(super) struct UnixPath {
    path: PathBuf,
    /// The file's device and inode number.
    file: (u64, u64),
    process: Process,
}

/// Connections that wait to be accepted, as many as libzmq sets.
const BACKLOG: i32 = 100;

/// How long to wait for another process that binds in the same directory.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// Listens at a path, unless another server does.
pub(super) fn listen_at(path: &str) -> std::result::Result<(OwnedFd, UnixPath), SocketError> {
    try_to_listen(Path::new(path)).map_err(|failure| match failure {
        BindFailure::Taken(reason) => SocketError::in_use(reason),
        BindFailure::System(error) => SocketError::io("bind", &error),
    })
}

enum BindFailure {
    Taken(&'static str),
    System(Error),
}

impl From<Error> for BindFailure {
    fn from(error: Error) -> Self {
        Self::System(error)
    }
}

impl From<Errno> for BindFailure {
    fn from(errno: Errno) -> Self {
        Self::System(errno.into())
    }
}

fn try_to_listen(path: &Path) -> std::result::Result<(OwnedFd, UnixPath), BindFailure> {
    let address = SocketAddrUnix::new(path)?;
    let listener = new_socket()?;
    // Without this lock, two servers that start at once would each take the other's new socket for a stale one.
    let _lock = lock_directory(path);
    match bind(&listener, &address) {
        Err(Errno::ADDRINUSE) => {
            check_left_over(path)?;
            fs::remove_file(path)?;
            bind(&listener, &address)?;
        }
        bound => bound?,
    }
    listen(&listener, BACKLOG)?;
    let file = fs::symlink_metadata(path)?;
    let path = UnixPath {
        path: path.to_owned(),
        file: (file.dev(), file.ino()),
        process: Process::current(),
    };
    Ok((listener, path))
}

/// Checks that the file at a path is the socket of a server that no longer runs. Only a refused connection proves that
/// no server listens.
fn check_left_over(path: &Path) -> std::result::Result<(), BindFailure> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(BindFailure::Taken("the file at this path is not a socket"));
    }
    match connect(&new_socket()?, &SocketAddrUnix::new(path)?) {
        Err(Errno::CONNREFUSED) => Ok(()),
        Err(Errno::ACCESS | Errno::PERM) => Err(BindFailure::Taken(
            "permission denied: the socket at this path belongs to another user, whose server may be running",
        )),
        Err(Errno::PROTOTYPE) => Err(BindFailure::Taken(
            "address already in use: the socket at this path is of another type",
        )),
        // Also if the server's backlog is full: it may still accept.
        Ok(()) | Err(Errno::AGAIN) => Err(BindFailure::Taken("address already in use")),
        Err(error) => Err(error.into()),
    }
}

/// Returns a non-blocking socket.
fn new_socket() -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
}

/// Connects to a path, or to an abstract name after `@`, without waiting for a server that does not accept.
pub(super) fn connect_to(path: &str) -> Result<OwnedFd> {
    let address = match path.strip_prefix('@') {
        Some(name) => SocketAddrUnix::new_abstract_name(name.as_bytes()),
        None => SocketAddrUnix::new(path),
    };
    let socket = new_socket()?;
    connect(&socket, &address?)?;
    Ok(socket)
}

/// Locks the directory of `path`, so that one server at a time binds in it. `None` if the lock cannot be had in time.
fn lock_directory(path: &Path) -> Option<File> {
    let parent = path.parent().filter(|parent| *parent != OsStr::new(""));
    let directory = File::open(parent.unwrap_or(Path::new("."))).ok()?;
    let end = Instant::now() + LOCK_TIMEOUT;
    loop {
        match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Some(directory),
            Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < end => {
                thread::sleep(LOCK_RETRY);
            }
            // The file system may not support locks.
            Err(_) => return None,
        }
    }
}

impl Drop for UnixPath {
    fn drop(&mut self) {
        if !self.process.is_current() {
            return;
        }
        // While the socket is open, its inode number is not reused.
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == self.file);
        if is_ours
            && let Err(error) = fs::remove_file(&self.path)
            && error.kind() != ErrorKind::NotFound
        {
            let (path, error) = (log::text(self.path.display()), log::text(error));
            log::line!(debug, path, error; "a socket could not be deleted");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

    use super::*;

    fn test_path(name: &str) -> String {
        let path = std::env::temp_dir().join(format!("zmqrpc-unix-{name}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        path.to_str().unwrap().to_owned()
    }

    fn bind_error(path: &str) -> String {
        listen_at(path).unwrap_err().to_string()
    }

    #[test]
    fn a_path_is_free_again_when_its_server_has_gone() {
        let path = test_path("free");
        let (listener, file) = listen_at(&path).unwrap();
        UnixStream::connect(&path).unwrap();
        assert!(bind_error(&path).contains("address already in use"));
        drop((listener, file));
        assert!(!Path::new(&path).exists());
    }

    #[test]
    fn the_socket_of_a_killed_server_is_replaced() {
        let path = test_path("stale");
        drop(UnixListener::bind(&path).unwrap());
        assert!(Path::new(&path).exists());
        let _served = listen_at(&path).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn nothing_else_is_touched() {
        let path = test_path("else");
        fs::write(&path, "a file").unwrap();
        assert!(bind_error(&path).contains("not a socket"));
        fs::remove_file(&path).unwrap();
        let datagrams = UnixDatagram::bind(&path).unwrap();
        assert!(bind_error(&path).contains("address already in use"));
        assert!(Path::new(&path).exists());
        drop(datagrams);
        fs::remove_file(&path).unwrap();
        assert!(bind_error("/nowhere/at/all").contains("no such file"));
    }

    #[test]
    fn a_server_that_does_not_accept_is_not_waited_for() {
        let path = test_path("full");
        let squatter = new_socket().unwrap();
        bind(&squatter, &SocketAddrUnix::new(&*path).unwrap()).unwrap();
        listen(&squatter, 0).unwrap();
        let waiting: Vec<_> = (0..3).map_while(|_| connect_to(&path).ok()).collect();
        assert!(waiting.len() < 3);
        assert!(bind_error(&path).contains("address already in use"));
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn another_servers_socket_is_left_where_it_is() {
        let path = test_path("replaced");
        let served = listen_at(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(served);
        UnixStream::connect(&path).unwrap();
        fs::remove_file(&path).unwrap();
    }
}
