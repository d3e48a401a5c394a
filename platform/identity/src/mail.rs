//! Mail goes out through SMTP, beside whoever asked for it: a bounded number of letters wait, a few are sent at once,
//! and what the server does not take for the moment is tried again.
//!
//! Invariant: nobody's transaction waits for a mail server. Letters live in memory: a restart forgets those not yet sent.

use std::sync::Arc;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::sync::Semaphore;

/// Letters that wait to be sent; more are refused (`mail_queue`).
pub const MAIL_QUEUE_MAX: usize = 1_000;
/// Letters being sent at once.
pub const MAILS_AT_ONCE: usize = 4;
/// How long one try may take.
const TRY_MAX: Duration = Duration::from_secs(30);
/// Pauses between tries; after the last the letter is given up and logged.
const PAUSES: [Duration; 5] =
    [Duration::from_millis(250), Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(600)];

/// A letter to one person.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) to: Mailbox,
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// What is wrong with the configuration of mail.
#[derive(Debug, thiserror::Error)]
pub enum MailConfigError {
    /// `smtp://…` or `smtps://…`.
    #[error("the SMTP server is written `smtps://user:password@host` or `smtp://host:port`: {0}")]
    Url(String),
    /// `Tenon <tenon@acme.example>`.
    #[error("the sender of mails is an address such as `Tenon <tenon@acme.example>`")]
    From,
}

/// Too many letters wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MAIL_QUEUE_MAX} letters wait to be sent")]
pub(crate) struct QueueFull;

/// Sends letters. Cheap to clone: all clones share the queue.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    waiting: Arc<Semaphore>,
    sending: Arc<Semaphore>,
}

impl Mailer {
    /// A mailer over the server at `url`: `smtps://` speaks TLS from the first byte, `smtp://…?tls=required` after STARTTLS,
    /// `smtp://` in clear.
    ///
    /// # Errors
    /// Where url or sender cannot be read.
    pub fn new(url: &str, from: &str) -> Result<Self, MailConfigError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| MailConfigError::Url(error.to_string()))?;
        let from = from.parse().map_err(|_| MailConfigError::From)?;
        Ok(Self {
            transport: transport.timeout(Some(TRY_MAX)).build(),
            from,
            waiting: Arc::new(Semaphore::new(MAIL_QUEUE_MAX)),
            sending: Arc::new(Semaphore::new(MAILS_AT_ONCE)),
        })
    }

    /// Takes a letter to be sent beside the caller.
    pub(crate) fn send(&self, letter: Letter) -> Result<(), QueueFull> {
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| QueueFull)?;
        let mailer = self.clone();
        tokio::spawn(async move {
            mailer.deliver(letter).await;
            drop(place);
        });
        Ok(())
    }

    async fn deliver(&self, letter: Letter) {
        let message = Message::builder().from(self.from.clone()).to(letter.to).subject(letter.subject).header(ContentType::TEXT_PLAIN);
        let message = match message.body(letter.text) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!("a letter cannot be written: {error}");
                return;
            }
        };
        for pause in PAUSES.into_iter().map(Some).chain([None]) {
            let sent = match self.sending.acquire().await {
                Ok(_place) => self.transport.send(message.clone()).await,
                Err(_) => return,
            };
            // The address is somebody's: it does not belong into a log.
            match (sent, pause) {
                (Ok(_), _) => return,
                (Err(error), _) if error.is_permanent() => {
                    tracing::warn!("the mail server refuses a letter for good: {error}");
                    return;
                }
                (Err(error), Some(pause)) => {
                    tracing::warn!("a letter is tried again in {pause:?}: {error}");
                    tokio::time::sleep(pause).await;
                }
                (Err(error), None) => tracing::error!("a letter is given up: {error}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_server_or_sender_is_told_at_start() {
        for (url, from) in [("ftp://x", "a@b.example"), ("", "a@b.example"), ("smtp://localhost:25", "nobody")] {
            assert!(Mailer::new(url, from).is_err(), "{url} {from}");
        }
        assert!(Mailer::new("smtps://user:pass@mail.example", "Tenon <tenon@acme.example>").is_ok());
    }
}
