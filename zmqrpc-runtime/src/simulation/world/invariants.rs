//! What holds at any time, whatever happens.

use super::World;
use crate::connection::CallKind;
use crate::simulation::MILLISECOND;
use crate::simulation::peer::Peer;
use crate::simulation::record::Ending;
use crate::simulation::weather::Weather;
use crate::wire::Executed;

impl<P: Peer> World<P> {
    /// Checks what holds at any time: no call is executed twice, or said not to be and is, or ends late.
    pub(super) fn check(&self) {
        for (call, record) in &self.calls {
            let times = record.executions;
            assert!(times <= 1, "call {call} was executed {times} times");
            assert!(record.id.is_some() || times == 0, "{call} was rejected");
            let Some((end, at)) = &record.ended else {
                continue;
            };
            if let Ending::Failed(executed, why) = end {
                let is_true = *executed != Executed::No || times == 0;
                assert!(is_true, "call {call}: {why}, yet executed");
                let costs_nothing = self.weather == Weather::Stormy || *executed == Executed::No;
                assert!(costs_nothing, "an orderly end costs call {call}: {why}");
            }
            let due = record.deadline.max(self.stalled_until);
            assert!(*at <= due + MILLISECOND, "call {call} is late");
        }
    }

    /// Checks what holds in the end: each call has ended. Returns how many were answered, failed and executed.
    pub(in crate::simulation) fn counts(&self) -> (u64, u64, u64) {
        let (mut answered, mut failed, mut executed) = (0, 0, 0);
        for (call, record) in &self.calls {
            executed += u64::from(record.executions);
            match (&record.ended, record.kind) {
                (Some((Ending::Good, _)), _) => answered += 1,
                (Some((Ending::Failed(..), _)), _) => failed += 1,
                (None, CallKind::Call) => assert!(
                    record.given_up || record.id.is_none(),
                    "call {call} has not ended"
                ),
                (None, _) => {}
            }
        }
        (answered, failed, executed)
    }
}
