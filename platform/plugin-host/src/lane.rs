//! Where a call runs: its first slice of fuel where it was asked for, everything after it on the plugins' own threads.
//!
//! Nearly every hook is done within one slice. For those a thread of their own would be the dearest part: two threads woken, which
//! costs several times what the sandbox costs. A guest that uses its slice up, or waits for the world outside, goes to the
//! plugins' threads, where it waits in line behind others of its kind and holds up nobody else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::invoke::Called;
use crate::state::Letter;

/// A call on its way.
pub(crate) enum Lane {
    /// In the task of who asked, within its first slice.
    Here(Pin<Box<dyn Future<Output = Called> + Send>>),
    /// On the plugins' threads.
    There(JoinHandle<Called>),
}

/// What a call comes to next.
pub(crate) enum Next {
    /// It asks something, and goes on when it is answered.
    Asks(Letter),
    /// It ended; an error is a panic of the sandbox itself, in words.
    Ended(Result<Called, String>),
}

impl Lane {
    pub(crate) fn new(call: impl Future<Output = Called> + Send + 'static) -> Self {
        Self::Here(Box::pin(call))
    }

    /// Goes on until it asks or ends.
    pub(crate) async fn next(&mut self, letters: &mut mpsc::Receiver<Letter>, threads: &Runtime) -> Next {
        std::future::poll_fn(|cx| self.poll(letters, threads, cx)).await
    }

    fn poll(&mut self, letters: &mut mpsc::Receiver<Letter>, threads: &Runtime, cx: &mut Context<'_>) -> Poll<Next> {
        if let Self::Here(call) = self {
            // A panic of the sandbox is one plugin's fault, here as there.
            match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
                Ok(Poll::Ready(called)) => return Poll::Ready(Next::Ended(Ok(called))),
                Err(panic) => return Poll::Ready(Next::Ended(Err(words(&*panic)))),
                Ok(Poll::Pending) => {}
            }
            if let Poll::Ready(Some(letter)) = letters.poll_recv(cx) {
                return Poll::Ready(Next::Asks(letter));
            }
            self.go_there(threads);
        }
        let Self::There(call) = self else { return Poll::Pending };
        // First what it asks: it does not end before it is answered.
        if let Poll::Ready(Some(letter)) = letters.poll_recv(cx) {
            return Poll::Ready(Next::Asks(letter));
        }
        Pin::new(call).poll(cx).map(|ended| Next::Ended(ended.map_err(|error| error.to_string())))
    }

    fn go_there(&mut self, threads: &Runtime) {
        // What stands there for a moment is never polled.
        let nothing = Self::Here(Box::pin(std::future::pending()));
        if let Self::Here(call) = std::mem::replace(self, nothing) {
            *self = Self::There(threads.spawn(call));
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let told = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    told.unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tenon_hooks::{Ask, Given};
    use tokio::sync::oneshot;

    use super::*;

    fn called(fuel: u64) -> Called {
        let said = Err(crate::fault::Broken::Busy);
        Called { said, fuel, wall: Duration::ZERO, memory: 0, asked: 0, lines: Vec::new(), tape: (Vec::new(), true), strayed: None }
    }

    fn broken() -> Called {
        panic!("the sandbox broke")
    }

    fn plugins() -> Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("tenon-plugin").build().unwrap()
    }

    fn here() -> String {
        std::thread::current().name().unwrap_or_default().to_owned()
    }

    /// Runs a call to its end, with every question answered by `Done`; the thread it ended on, and whether it stayed here.
    async fn ran(
        call: impl Future<Output = Called> + Send + 'static,
        mut letters: mpsc::Receiver<Letter>,
    ) -> (Result<Called, String>, bool) {
        let threads = plugins();
        let mut lane = Lane::new(call);
        let ended = loop {
            match lane.next(&mut letters, &threads).await {
                Next::Asks(letter) => drop(letter.reply.send(Ok(Given::Done))),
                Next::Ended(ended) => break ended,
            }
        };
        threads.shutdown_background();
        (ended, matches!(lane, Lane::Here(_)))
    }

    #[tokio::test]
    async fn a_short_call_stays_where_it_was_asked_for_whatever_it_asks() {
        let (line, letters) = mpsc::channel(1);
        let asked_on = here();
        let call = async move {
            for _ in 0..3 {
                let (reply, answer) = oneshot::channel();
                assert!(line.send(Letter { ask: Ask::Lock("one".to_owned()), itself: false, reply }).await.is_ok());
                assert!(matches!(answer.await, Ok(Ok(Given::Done))));
            }
            assert_eq!(here(), asked_on);
            called(3)
        };
        let (ended, stayed) = ran(call, letters).await;
        assert_eq!(ended.map(|called| called.fuel), Ok(3));
        assert!(stayed);
    }

    #[tokio::test]
    async fn one_that_uses_its_slice_up_goes_on_on_the_plugins_threads() {
        let (line, letters) = mpsc::channel(1);
        let call = async move {
            tokio::task::yield_now().await;
            assert_eq!(here(), "tenon-plugin");
            // There, too, it asks and is answered.
            let (reply, answer) = oneshot::channel();
            assert!(line.send(Letter { ask: Ask::Lock("one".to_owned()), itself: false, reply }).await.is_ok());
            assert!(matches!(answer.await, Ok(Ok(Given::Done))));
            called(1)
        };
        let (ended, stayed) = ran(call, letters).await;
        assert_eq!(ended.map(|called| called.fuel), Ok(1));
        assert!(!stayed);
    }

    #[tokio::test]
    async fn a_panic_ends_the_call_alone_here_and_there() {
        for goes in [false, true] {
            let (_line, letters) = mpsc::channel(1);
            let call = async move {
                if goes {
                    tokio::task::yield_now().await;
                }
                broken()
            };
            let (ended, stayed) = ran(call, letters).await;
            assert!(ended.err().is_some_and(|words| words.contains("the sandbox broke")));
            assert_eq!(stayed, !goes);
        }
    }
}
