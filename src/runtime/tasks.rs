//! The jobs of one run of the program: they answer with messages, and none outlives the run.
//!
//! A job that panics is a defect of ours, but not the end of the person's session: it becomes a
//! message, and the rest goes on.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::message::Message;

/// Starts jobs, takes their answers to the loop, ends them. A clone is another handle to the same.
#[derive(Clone, Debug)]
pub(super) struct Tasks {
    /// Of the runtime, for threads that are not its own.
    handle: Handle,
    sender: mpsc::Sender<Message>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Answers go to `sender`, which is bounded: a job that talks too fast waits. To be called within a
    /// tokio runtime.
    #[must_use]
    pub(super) fn new(sender: mpsc::Sender<Message>) -> Self {
        Self {
            handle: Handle::current(),
            sender,
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Where answers go.
    #[must_use]
    pub(super) fn sender(&self) -> mpsc::Sender<Message> {
        self.sender.clone()
    }

    /// Cancelled when the run ends: whoever owns a child process ends it then.
    #[must_use]
    pub(super) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Sends a message from where nobody can wait.
    pub(super) fn say(&self, message: Message) {
        let sender = self.sender.clone();
        self.spawn("a message", async move {
            // The loop has ended: nobody wants to know any more.
            let _ = sender.send(message).await;
        });
    }

    /// Runs a job that is dropped when the run ends. `what` names it, for the log.
    pub(super) fn spawn<F>(&self, what: &'static str, job: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.spawn_to_its_end(what, async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = job => {}
            }
        });
    }

    /// Runs a job that sees to its own end when [`Tasks::stop`] is cancelled, and is waited for.
    pub(super) fn spawn_to_its_end<F>(&self, what: &'static str, job: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let sender = self.sender.clone();
        let watched = async move {
            if let Err(panic) = AssertUnwindSafe(job).catch_unwind().await {
                let _ = sender.send(Message::Failed(defect(what, &*panic))).await;
            }
        };
        self.tracker.spawn_on(watched, &self.handle);
    }

    /// Runs blocking work on a thread of its own, which sends its answers itself; `failed` makes one of the
    /// words for a panic, so that whoever waits for an answer always gets one.
    pub(super) fn work(
        &self,
        what: &'static str,
        job: impl FnOnce(&mpsc::Sender<Message>) + Send + 'static,
        failed: impl FnOnce(String) -> Message + Send + 'static,
    ) {
        let (sender, answers) = (self.sender.clone(), self.sender.clone());
        self.spawn(what, async move {
            let done = tokio::task::spawn_blocking(move || job(&answers)).await;
            // Any other error is the runtime going down.
            if let Err(Ok(panic)) = done.map_err(JoinError::try_into_panic) {
                let _ = sender.send(failed(defect(what, &*panic))).await;
            }
        });
    }

    /// Tells every job to end and waits for them, but not for ever.
    pub(super) async fn end(&self, patience: Duration) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(patience, self.tracker.wait())
            .await
            .is_err()
        {
            tracing::error!(left = self.tracker.len(), "jobs did not end");
        }
    }
}

/// What to tell a person about a panic.
fn defect(what: &str, panic: &(dyn Any + Send)) -> String {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no words");
    format!("a defect of untaken in {what}: {said}; please report it, with what --log FILE says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_job_becomes_a_message() {
        let (sender, mut inbox) = mpsc::channel(4);
        let tasks = Tasks::new(sender);
        tasks.work("reading", |_| panic!("boom"), Message::Failed);
        let Some(Message::Failed(why)) = inbox.recv().await else {
            panic!("another message");
        };
        assert!(why.contains("reading: boom"), "{why}");
        tasks.spawn("watching", async { panic!("{}", "bang".to_owned()) });
        let Some(Message::Failed(why)) = inbox.recv().await else {
            panic!("another message");
        };
        assert!(why.contains("watching: bang"), "{why}");
    }

    #[tokio::test]
    async fn the_end_drops_what_waits_and_waits_for_what_cleans_up() {
        let (sender, mut inbox) = mpsc::channel(4);
        let tasks = Tasks::new(sender);
        tasks.spawn("waiting", std::future::pending());
        let (stop, sender) = (tasks.stop(), tasks.sender());
        tasks.spawn_to_its_end("a child", async move {
            stop.cancelled().await;
            tokio::task::yield_now().await;
            sender.send(Message::Failed("reaped".into())).await.unwrap();
        });
        tasks.end(Duration::from_secs(10)).await;
        assert!(matches!(inbox.try_recv(), Ok(Message::Failed(why)) if why == "reaped"));
        assert!(tasks.tracker.is_empty());
    }
}
