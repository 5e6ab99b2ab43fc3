//! Clients of several servers, one of which is lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use zmqrpc::{Client, Error, Executed, Ping};

use crate::support::{Process, TargetAdd, TargetClient, TargetProcess, alone, await_state};

const LIMIT: Duration = Duration::from_secs(60);

struct Three {
    targets: Vec<TargetProcess>,
    client: Client,
}

impl Three {
    fn start() -> Self {
        let targets: Vec<_> = (0..3).map(|_| TargetProcess::start(2)).collect();
        let mut builder = Client::builder()
            .ping(Ping {
                interval: Duration::from_millis(100),
                timeout: Duration::from_secs(1),
            })
            .connect_timeout(Duration::from_secs(2));
        for target in &targets {
            builder = builder.connect(&target.endpoint);
        }
        let client = builder.build().unwrap();
        let answers = client.fan_out(&TargetAdd { a: 1, b: 1 });
        assert!(answers.iter().all(|(_, answer)| *answer == Ok(2)));
        Self { targets, client }
    }

    /// One server is lost while calls are made. They go on over the others; only what it had taken is lost.
    fn go_on_without(&mut self, fault: impl FnOnce(&mut Process)) {
        const THREADS: u64 = 4;
        let (done, lost) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            let work = || {
                let stub = TargetClient::new(self.client.clone());
                while done.load(Ordering::Relaxed) < 3_000 {
                    match stub.add(2, 3) {
                        Ok(sum) => {
                            assert_eq!(sum, 5);
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => {
                            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
                            assert_eq!(error.executed(), Executed::Maybe);
                            lost.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            };
            for _ in 0..THREADS {
                scope.spawn(work);
            }
            await_state("calls are under way", || done.load(Ordering::Relaxed) > 100);
            fault(&mut self.targets[1].process);
        });
        let lost = lost.into_inner();
        assert!(lost <= THREADS, "{lost} calls were lost with one server");
        let stub = TargetClient::new(self.client.clone());
        for _ in 0..100 {
            let process = stub.process_id().unwrap();
            assert_ne!(process, self.targets[1].process.id());
        }
        let answers = self.client.fan_out(&TargetAdd { a: 2, b: 3 });
        let good: Vec<_> = answers.iter().map(|(_, answer)| answer.is_ok()).collect();
        assert_eq!(good, [true, false, true], "{answers:?}");
        let error = answers[1].1.as_ref().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(error.endpoint(), Some(&*self.targets[1].endpoint));
        assert_eq!(self.client.stats().in_flight, 0);
    }

    fn are_all_there(&self) {
        await_state("the lost server takes part again", || {
            let answers = self.client.fan_out(&TargetAdd { a: 2, b: 3 });
            answers.iter().all(|(_, answer)| *answer == Ok(5))
        });
    }
}

#[test]
fn calls_go_on_when_one_of_three_servers_is_killed() {
    alone(LIMIT, || {
        let mut three = Three::start();
        three.go_on_without(Process::kill);
        three.targets[1].replace(2);
        three.are_all_there();
    });
}

#[test]
fn calls_go_on_when_one_of_three_servers_is_frozen() {
    alone(LIMIT, || {
        let mut three = Three::start();
        three.go_on_without(|process| process.freeze());
        three.targets[1].process.thaw();
        three.are_all_there();
    });
}
