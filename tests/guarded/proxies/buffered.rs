//! Proxies with a queue.

use zmqrpc::Credentials;
use zmqrpc::auth::Passwords;
use zmqrpc::proxy::{BufferedProxy, MemoryQueue, Rep, Req};

use super::{LIMIT, assert_refused, caller};
use crate::locks::{ADA, ANYWHERE, Book, Login, locks};
use crate::support::{await_state, within};
use crate::vault::Scratch;

#[test]
fn a_guarded_queue_accepts_from_nobody_else_and_delivers_when_its_target_lets_it_in() {
    within(LIMIT, || {
        for lock in locks() {
            let file = Scratch::new("buffered");
            let line =
                |password| format!("ada:{}\n", zmqrpc::auth::hash_password(password).unwrap());
            file.write(&line("secret"));
            let (by, book) = (Passwords::file(&file.0).unwrap(), Book::default());
            let server = book.served(|server| server.authenticate(by).bind(ANYWHERE));
            let proxy = BufferedProxy::new(
                Rep::new().bind(ANYWHERE).authenticate(&lock.by),
                Req::new()
                    .connect(&server.endpoints()[0])
                    .credentials(Credentials::plain("ada", "new")),
                MemoryQueue::new(1000, 64 << 20),
            );
            let proxy = proxy.start().unwrap();
            for (what, login) in &lock.strangers {
                let stranger = caller(&proxy.endpoints()[0], login);
                assert_refused(what, |number| stranger.enter(number));
            }
            let ada = caller(&proxy.endpoints()[0], &lock.ada);
            for number in 0..20 {
                ada.enter(number).unwrap();
            }
            await_state("two refusals", || proxy.stats().login_failures >= 2);
            assert_eq!((proxy.stats().held, book.entries(ADA)), (20, 0));
            file.write(&line("new"));
            book.await_entries(ADA, 20);
            await_state("an empty queue", || proxy.stats().held == 0);
            assert!(proxy.dead_letters().unwrap().is_empty());
            assert!(proxy.stats().logins_rejected > 0);
            // Who may come in behind the proxy may not come in before it.
            let backdoor = caller(&proxy.endpoints()[0], &Login::Plain("ada", "new"));
            assert_refused("the proxy's own", |number| backdoor.enter(number));
        }
    });
}
