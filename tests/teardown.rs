//! Clients that go while their connections change. In a process of its own: what goes wrong here takes every socket of
//! the process along.

mod support;

use std::thread;
use std::time::Duration;

use support::{ProbeClient, anywhere, serve, within};
use zmqrpc::Client;

#[test]
fn a_client_that_goes_together_with_its_server_leaves_all_others_working() {
    within(Duration::from_secs(60), || {
        // Keeps the process's context alive, as any other client would.
        let (server, _gate) = serve(anywhere);
        let witness = server.endpoints().remove(0);
        let bystander = ProbeClient::connect(&witness);
        let rounds = 150;
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let witness = witness.clone();
                thread::spawn(move || {
                    for round in 0..rounds {
                        let (server, _gate) = serve(anywhere);
                        let clients: Vec<_> = (0..4)
                            .map(|_| {
                                let client = ProbeClient::connect(&server.endpoints()[0]).unwrap();
                                assert_eq!(client.add(2, 3), Ok(5));
                                client
                            })
                            .collect();
                        let end = thread::spawn(move || drop(server));
                        drop(clients);
                        end.join().unwrap();
                        let other = Client::builder()
                            .connect(&witness)
                            .connect_timeout(Duration::from_secs(3))
                            .build()
                            .unwrap();
                        let sum = ProbeClient::new(other).add(2, 3);
                        assert_eq!(sum, Ok(5), "after round {round}");
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        drop(bystander);
    });
}
