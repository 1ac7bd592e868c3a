//! Notifications by mail: a missed call to whom it belongs, a voice message with its sound. Mail
//! is told of after the fact: what the mail server does not take in three tries, or what does not
//! fit into the queue, is dropped, counted and logged; the records have it all the same.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::response::Category;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::seldom::Seldom;
use crate::config::{MailTls, Smtp};

/// Mail that waits to be sent; more is dropped.
const WAITING: usize = 256;

/// How long one delivery may take.
const LONGEST: Duration = Duration::from_secs(30);

/// Pauses before a delivery is tried again.
const AGAIN: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60)];

/// The largest sound that is attached, bytes; of a larger one only the notice is sent.
const LARGEST: u64 = 10 << 20;

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// To whom: addresses as in the directory. Who has none that can be read is left out.
    pub to: Vec<Arc<str>>,
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
    /// A WAV or Opus file that is attached.
    pub sound: Option<PathBuf>,
}

/// What was sent since the start.
#[derive(Debug, Default)]
pub struct Totals {
    /// Mail that the server took.
    pub sent: AtomicU64,
    /// Mail that was given up.
    pub failed: AtomicU64,
    /// Mail that did not fit into the queue.
    pub dropped: AtomicU64,
}

/// Where mail is put.
#[derive(Debug)]
pub struct Outbox {
    mails: mpsc::Sender<Mail>,
    totals: Arc<Totals>,
    complaints: Seldom,
}

impl Outbox {
    /// Sends, some time. Never waits.
    pub fn send(&mut self, mail: Mail) {
        if mail.to.is_empty() {
            return;
        }
        if self.mails.try_send(mail).is_err() {
            self.totals.dropped.fetch_add(1, Ordering::Relaxed);
            if let Some(before) = self.complaints.again(Instant::now()) {
                tracing::warn!(before, "a notification by mail was dropped: too many wait");
            }
        }
    }

    /// The totals.
    pub fn totals(&self) -> &Arc<Totals> {
        &self.totals
    }
}

/// The postman.
pub struct Postman {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    mails: mpsc::Receiver<Mail>,
    totals: Arc<Totals>,
    complaints: Seldom,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum NoPostman {
    /// The mail server's name cannot be used for TLS.
    #[error("the mail server cannot be used: {0}")]
    Server(#[from] lettre::transport::smtp::Error),
    /// The sender is no address.
    #[error("the sender is no address: {0}")]
    Sender(#[from] lettre::address::AddressError),
}

/// A postman who has not begun to carry.
///
/// # Errors
/// When the configuration cannot be used.
pub fn postman(config: &Smtp) -> Result<(Outbox, Postman), NoPostman> {
    let host = &*config.host;
    type Transport = AsyncSmtpTransport<Tokio1Executor>;
    let mut builder = match config.tls {
        MailTls::Wrapped => Transport::relay(host)?,
        MailTls::StartTls => Transport::starttls_relay(host)?,
        MailTls::None => Transport::builder_dangerous(host),
    };
    builder = builder.port(config.port).timeout(Some(LONGEST));
    if let Some(login) = &config.credentials {
        let (username, password) = (login.username.clone(), login.password.clone());
        builder = builder.credentials(Credentials::new(username, password));
    }
    let (sender, mails) = mpsc::channel(WAITING);
    let totals = Arc::new(Totals::default());
    let outbox = Outbox { mails: sender, totals: totals.clone(), complaints: Seldom::default() };
    let from = config.from.parse()?;
    let (transport, complaints) = (builder.build(), Seldom::default());
    Ok((outbox, Postman { transport, from, mails, totals, complaints }))
}

impl Postman {
    /// Carries until nobody can put mail any more.
    pub async fn run(mut self) {
        while let Some(mail) = self.mails.recv().await {
            let Some(message) = message(&self.from, mail).await else {
                self.totals.failed.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            let total = match self.deliver(message).await {
                true => &self.totals.sent,
                false => &self.totals.failed,
            };
            total.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// To each by himself: who cannot be reached keeps it from nobody else. Returns whether
    /// anybody has it.
    async fn deliver(&mut self, message: Message) -> bool {
        let (text, from) = (message.formatted(), message.envelope().from().cloned());
        let mut waiting = message.envelope().to().to_vec();
        let (mut taken, mut pauses) = (false, AGAIN.into_iter());
        loop {
            let mut again = Vec::new();
            for (index, to) in waiting.iter().enumerate() {
                // It has a recipient.
                let Ok(envelope) = Envelope::new(from.clone(), vec![to.clone()]) else { continue };
                let Err(error) = self.transport.send_raw(&envelope, &text).await else {
                    taken = true;
                    continue;
                };
                let refusal = Refusal::of(&error);
                if let Some(before) = self.complaints.again(Instant::now()) {
                    let cause = &refusal.cause;
                    tracing::warn!(cause, before, "a mail was not delivered");
                }
                if !refusal.for_ever {
                    again.push(to.clone());
                }
                if refusal.for_all {
                    let others = &waiting[index + 1..];
                    again.extend(others.iter().filter(|_| !refusal.for_ever).cloned());
                    break;
                }
            }
            let Some(pause) = pauses.next().filter(|_| !again.is_empty()) else { return taken };
            waiting = again;
            // Nothing ends the pause but the time.
            let _ = tokio::time::timeout(pause, std::future::pending::<()>()).await;
        }
    }
}

/// Why the mail server did not take a mail.
struct Refusal {
    /// Without what the server said: it likes to repeat the address.
    cause: String,
    /// It is the same for every recipient: the server is not there, or does not want us.
    for_all: bool,
    /// Trying again is of no use.
    for_ever: bool,
}

impl Refusal {
    fn of(error: &lettre::transport::smtp::Error) -> Self {
        let status = error.status();
        Self {
            cause: match status {
                Some(code) => format!("the mail server answered {code}"),
                None => error.to_string(),
            },
            for_all: status.is_none_or(|code| code.category != Category::MailSystem),
            for_ever: error.is_permanent(),
        }
    }
}

/// The message; `None`: nobody can be reached by it.
async fn message(from: &Mailbox, mail: Mail) -> Option<Message> {
    let mut builder = Message::builder().from(from.clone()).subject(mail.subject);
    let mut reached = false;
    for address in &mail.to {
        match address.parse::<Mailbox>() {
            Ok(to) => {
                builder = builder.to(to);
                reached = true;
            }
            Err(error) => tracing::warn!(%error, "an address of the directory cannot be used"),
        }
    }
    if !reached {
        return None;
    }
    let text = SinglePart::plain(mail.text);
    let message = match sound(mail.sound).await {
        Some((name, bytes)) => {
            let kind = if name.ends_with(".wav") { "audio/wav" } else { "audio/ogg" };
            let kind = ContentType::parse(kind).ok()?;
            let attachment = Attachment::new(name).body(bytes, kind);
            builder.multipart(MultiPart::mixed().singlepart(text).singlepart(attachment))
        }
        None => builder.singlepart(text),
    };
    message.inspect_err(|error| tracing::warn!(%error, "a mail cannot be written")).ok()
}

/// The sound, if it can be read and is small enough.
async fn sound(path: Option<PathBuf>) -> Option<(String, Vec<u8>)> {
    let path = path?;
    let name = path.file_name()?.to_str()?.to_owned();
    let size = tokio::fs::metadata(&path).await.ok()?.len();
    if size > LARGEST {
        return None;
    }
    Some((name, tokio::fs::read(&path).await.ok()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    /// A mail server that knows nobody whose address has this in it; what it was told.
    async fn server(nobody: &'static str) -> (u16, Arc<Mutex<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let told = Arc::new(Mutex::new(String::new()));
        let telling = told.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                let _ = write.write_all(b"220 here\r\n").await;
                let mut data = false;
                while let Ok(Some(line)) = lines.next_line().await {
                    telling.lock().expect("whole").push_str(&format!("{line}\n"));
                    let answer = match &*line {
                        "." if data => {
                            data = false;
                            "250 taken\r\n"
                        }
                        _ if data => continue,
                        "DATA" => {
                            data = true;
                            "354 go on\r\n"
                        }
                        "QUIT" => break,
                        text if text.starts_with("RCPT") && text.contains(nobody) => {
                            "550 <ana@example.com> is nobody\r\n"
                        }
                        _ => "250 ok\r\n",
                    };
                    let _ = write.write_all(answer.as_bytes()).await;
                }
            }
        });
        (port, told)
    }

    fn config(port: u16) -> Smtp {
        Smtp {
            host: "127.0.0.1".into(),
            port,
            tls: MailTls::None,
            from: "Tandem <tandem@example.com>".into(),
            credentials: None,
        }
    }

    fn mail(sound: Option<PathBuf>) -> Mail {
        Mail {
            to: vec!["ana@example.com".into(), "not an address".into()],
            subject: "Missed call from Carl".into(),
            text: "Carl called Sales at 10:15.".into(),
            sound,
        }
    }

    #[tokio::test]
    async fn a_message_arrives_with_its_sound() {
        let (port, told) = server("nobody@").await;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("m-1.wav");
        std::fs::write(&file, b"RIFF").expect("written");
        let (mut outbox, postman) = postman(&config(port)).expect("a postman");
        let running = tokio::spawn(postman.run());
        outbox.send(mail(Some(file)));
        let totals = outbox.totals().clone();
        drop(outbox);
        running.await.expect("ended");
        let told = told.lock().expect("whole").clone();
        assert_eq!(totals.sent.load(Ordering::Relaxed), 1);
        for part in ["RCPT TO:<ana@example.com>", "Missed call from Carl", "m-1.wav", "audio/wav"] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains("not an address"));
    }

    #[tokio::test]
    async fn what_is_refused_for_ever_is_given_up() {
        let (port, _) = server("ana@").await;
        let (mut outbox, postman) = postman(&config(port)).expect("a postman");
        let running = tokio::spawn(postman.run());
        outbox.send(mail(None));
        let totals = outbox.totals().clone();
        drop(outbox);
        running.await.expect("ended");
        assert_eq!(totals.failed.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn who_cannot_be_reached_keeps_a_mail_from_nobody_else() {
        let (port, told) = server("ana@").await;
        let (mut outbox, postman) = postman(&config(port)).expect("a postman");
        let running = tokio::spawn(postman.run());
        outbox.send(Mail {
            to: vec!["ana@example.com".into(), "ben@example.com".into()],
            ..mail(None)
        });
        let totals = outbox.totals().clone();
        drop(outbox);
        running.await.expect("ended");
        assert_eq!(totals.sent.load(Ordering::Relaxed), 1);
        let told = told.lock().expect("whole").clone();
        assert!(
            told.contains("RCPT TO:<ben@example.com>") && told.contains("Carl called"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn what_does_not_fit_is_dropped_and_counted() {
        let (mut outbox, _postman) = postman(&config(9)).expect("a postman");
        for _ in 0..WAITING + 3 {
            outbox.send(mail(None));
        }
        assert_eq!(outbox.totals().dropped.load(Ordering::Relaxed), 3);
    }
}
