//! Calls into librdkafka that may not come back.
//!
//! Each is given a limit of its own, and librdkafka does not always keep it: while the coordinator of a group is moved from a
//! broker that died, `rd_kafka_send_offsets_to_transaction` has been seen to wait until that broker was back. A worker that
//! waits with it is put out of its group and does nothing more.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What a call gives back, if it does within that time; else it goes on by itself, with all it was given, and what comes of it
/// is dropped. `None` also where there is no thread for it.
pub(super) fn within<T: Send + 'static>(
    patience: Duration,
    call: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, wait) = mpsc::channel();
    let calling = thread::Builder::new().name("kafka-call".to_owned()).spawn(move || {
        // Nobody may be waiting any more.
        done.send(call()).ok();
    });
    calling.ok().and_then(|_| wait.recv_timeout(patience).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_comes_back_is_heard_and_one_that_does_not_is_given_up() {
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
        let (hold, held) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(1), move || held.recv().is_ok()), None);
        drop(hold);
    }
}
