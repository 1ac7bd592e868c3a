//! Asking an HTTP service who has a number, while the call already rings (R093; the local lookup
//! has found nothing). An answer that comes after the deadline, is larger than 64 KiB or is
//! no JSON of the expected form is no answer. Two questions about one number at the same time are
//! one request.
//!
//! The service answers `200` with `{"record": {"id": "…", "display_name": "…",
//! "owner_user_id": "u-ana", "priority": 0}}`, or with `{"record": null}` or `404` where nobody
//! has the number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::directory::KnownRecord;
use model::{CallId, E164, RecordId, UserId};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde_json::error::Category;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::seldom::Seldom;
use crate::config::HttpLookup;

/// The largest answer that is read, bytes.
const LARGEST: usize = 65_536;

/// Questions that wait to be asked; more are not asked.
const WAITING: usize = 1_024;

/// A question of a call.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who asks.
    pub call: CallId,
    /// Whose number it is.
    pub number: E164,
}

/// What came of a question.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who asked.
    pub call: CallId,
    /// The number.
    pub number: E164,
    /// The record; `None`: nobody has it, or there was no answer.
    pub record: Option<KnownRecord>,
}

/// The longest id, bytes, and the longest name, characters: a name stands in every INVITE that
/// shows it, and a datagram has an end.
const LONGEST_ID: usize = 128;
const LONGEST_NAME: usize = 128;

/// A record as the service names it.
#[derive(Deserialize)]
struct FoundRecord {
    id: String,
    /// Name shown to people.
    display_name: String,
    #[serde(default)]
    owner_user_id: Option<String>,
    /// Preference in queues.
    #[serde(default)]
    priority: i16,
}

impl FoundRecord {
    /// As routing sees it; a longer name is cut.
    fn known(&self) -> Result<KnownRecord, NoAnswer> {
        let is_id = |id: &str| {
            (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !is_id(&self.id) || !self.owner_user_id.as_deref().is_none_or(is_id) {
            return Err(NoAnswer::Id);
        }
        let plain = |sign: char| if sign.is_control() { ' ' } else { sign };
        let name: String = self.display_name.trim().chars().take(LONGEST_NAME).map(plain).collect();
        Ok(KnownRecord {
            id: RecordId::from(&*self.id),
            display_name: Arc::from(if name.is_empty() { &*self.id } else { name.trim() }),
            owner: self.owner_user_id.as_deref().map(UserId::from),
            priority: self.priority,
        })
    }
}

#[derive(Deserialize)]
struct Document {
    record: Option<FoundRecord>,
}

/// What was asked and answered since the start.
#[derive(Debug, Default)]
pub struct Totals {
    /// Requests that were answered in time.
    pub answered: AtomicU64,
    /// Requests that failed or were too slow.
    pub failed: AtomicU64,
    /// Questions that were not asked because too many waited.
    pub dropped: AtomicU64,
}

/// Where questions are put; cheap to clone.
#[derive(Clone, Debug)]
pub struct Lookups {
    questions: mpsc::Sender<Question>,
    totals: Arc<Totals>,
}

impl Lookups {
    /// Asks. Never waits: a question that does not fit is dropped, and the call goes on without.
    pub fn ask(&self, question: Question) {
        if self.questions.try_send(question).is_err() {
            self.totals.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The totals.
    pub fn totals(&self) -> &Arc<Totals> {
        &self.totals
    }
}

/// The service: asks what is put into [`Lookups`].
#[derive(Debug)]
pub struct Service {
    client: Client,
    config: HttpLookup,
    questions: mpsc::Receiver<Question>,
    totals: Arc<Totals>,
    complaints: Seldom,
}

/// Why nothing can be asked.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be built: {0}")]
pub struct NoClient(#[from] reqwest::Error);

/// A service that has not begun to ask.
///
/// # Errors
/// When the client cannot be built.
pub fn service(config: HttpLookup) -> Result<(Lookups, Service), NoClient> {
    // The one provider of the process; who comes second finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        Client::builder()
            .timeout(config.deadline)
            .connect_timeout(config.deadline)
            // The number and the token are for the service that is configured, and for nobody to
            // whom its answer may lead.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("Tandem/", env!("CARGO_PKG_VERSION")))
    };
    // A small container has no certificates of its own: then the public ones that are built in.
    let client = match builder().build() {
        Ok(client) => client,
        Err(_) => builder().tls_backend_preconfigured(public_certificates()).build()?,
    };
    let (sender, questions) = mpsc::channel(WAITING);
    let totals = Arc::new(Totals::default());
    let lookups = Lookups { questions: sender, totals: totals.clone() };
    let complaints = Seldom::default();
    Ok((lookups, Service { client, config, questions, totals, complaints }))
}

/// TLS that trusts the public authorities, whatever is installed.
fn public_certificates() -> rustls::ClientConfig {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
    rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

impl Service {
    /// Asks until nobody can put questions any more; answers go to `answers`.
    pub async fn run(mut self, answers: mpsc::Sender<Answer>) {
        let mut asked: BTreeMap<E164, Vec<CallId>> = BTreeMap::new();
        let mut under_way = JoinSet::new();
        loop {
            tokio::select! {
                question = self.questions.recv(), if under_way.len() < self.config.concurrent => {
                    let Some(Question { call, number }) = question else { return };
                    let calls = asked.entry(number.clone()).or_default();
                    calls.push(call);
                    if calls.len() == 1 {
                        under_way.spawn(self.request(number));
                    }
                }
                Some(done) = under_way.join_next() => {
                    let Ok((number, answer)) = done else { continue };
                    let record = self.count(answer);
                    for call in asked.remove(&number).unwrap_or_default() {
                        let (number, record) = (number.clone(), record.clone());
                        if answers.send(Answer { call, number, record }).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// One request. It owns all it needs, so that it can run beside others.
    fn request(
        &self,
        number: E164,
    ) -> impl Future<Output = (E164, Result<Option<KnownRecord>, NoAnswer>)> + Send + use<> {
        let (client, deadline) = (self.client.clone(), self.config.deadline);
        let (template, token) = (self.config.url.clone(), self.config.token.clone());
        async move {
            let asking = ask(&client, &template, token.as_deref(), &number);
            // The client's own deadline covers the body; this one also a slow resolver.
            let answer = tokio::time::timeout(deadline, asking).await;
            (number, answer.unwrap_or(Err(NoAnswer::TooSlow(deadline.as_millis()))))
        }
    }

    /// What is passed on of an answer; whatever is none is counted, and now and then told.
    fn count(&mut self, answer: Result<Option<KnownRecord>, NoAnswer>) -> Option<KnownRecord> {
        match answer {
            Ok(record) => {
                self.totals.answered.fetch_add(1, Ordering::Relaxed);
                record
            }
            Err(error) => {
                self.totals.failed.fetch_add(1, Ordering::Relaxed);
                if let Some(before) = self.complaints.again(Instant::now()) {
                    tracing::warn!(%error, before, "a lookup failed; the call goes on without it");
                }
                None
            }
        }
    }
}

/// Why there is no answer. The number is in none of the texts.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("there was no answer within {0} ms")]
    TooSlow(u128),
    #[error("the address cannot be read")]
    Address,
    #[error("{0}")]
    Http(String),
    #[error("the service answered {0}")]
    Status(StatusCode),
    #[error("the answer is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("the answer is not of the expected form ({what}, line {line}, column {column})")]
    Form { what: &'static str, line: usize, column: usize },
    #[error("an id has 1 to {LONGEST_ID} visible ASCII characters, and one of these has not")]
    Id,
}

impl From<reqwest::Error> for NoAnswer {
    /// With its causes: that a certificate is not trusted is said by the last of them.
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Self::Http(text)
    }
}

impl From<serde_json::Error> for NoAnswer {
    /// Where, not what: the text of the error would quote a name.
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            Category::Data => "a value of another kind",
            Category::Io | Category::Syntax | Category::Eof => "no JSON",
        };
        Self::Form { what, line: error.line(), column: error.column() }
    }
}

async fn ask(
    client: &Client,
    template: &str,
    token: Option<&str>,
    number: &E164,
) -> Result<Option<KnownRecord>, NoAnswer> {
    let escaped = number.as_str().replace('+', "%2B");
    let url = Url::parse(&template.replace("{number}", &escaped)).map_err(|_| NoAnswer::Address)?;
    let mut request = client.get(url).header("Accept", "application/json");
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let mut response = request.send().await?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::NO_CONTENT => return Ok(None),
        other => return Err(NoAnswer::Status(other)),
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LARGEST {
            return Err(NoAnswer::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let document: Document = serde_json::from_slice(&body)?;
    document.record.as_ref().map(FoundRecord::known).transpose()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A service that answers every request with this text, or with nothing at all, and counts.
    async fn peer(answer: Option<String>) -> (Arc<str>, Arc<AtomicU64>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let count = Arc::new(AtomicU64::new(0));
        let counting = count.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, counting) = (answer.clone(), counting.clone());
                tokio::spawn(async move {
                    let mut request = vec![0; 4_096];
                    let read = stream.read(&mut request).await.unwrap_or(0);
                    assert!(request[..read].starts_with(b"GET /who?n=%2B15557770001 "));
                    counting.fetch_add(1, Ordering::Relaxed);
                    match answer {
                        Some(answer) => {
                            let _ = stream.write_all(answer.as_bytes()).await;
                        }
                        None => std::future::pending().await,
                    }
                });
            }
        });
        (format!("http://{address}/who?n={{number}}").into(), count)
    }

    fn json(status: &str, body: &str) -> Option<String> {
        let length = body.len();
        Some(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}"))
    }

    async fn answer(text: Option<String>, questions: usize) -> (Vec<Answer>, Totals, u64) {
        let (url, count) = peer(text).await;
        let deadline = Duration::from_millis(400);
        let config = HttpLookup { url, deadline, token: None, concurrent: 4 };
        let (lookups, service) = service(config).expect("a client");
        let (sender, mut answers) = mpsc::channel(8);
        tokio::spawn(service.run(sender));
        let number = E164::parse("+15557770001").expect("a number");
        for index in 0..questions {
            let call = CallId::from(format!("call-{index}"));
            lookups.ask(Question { call, number: number.clone() });
        }
        let mut all = Vec::new();
        for _ in 0..questions {
            all.push(answers.recv().await.expect("an answer"));
        }
        let totals = lookups.totals();
        let read = |total: &AtomicU64| AtomicU64::new(total.load(Ordering::Relaxed));
        let totals = Totals {
            answered: read(&totals.answered),
            failed: read(&totals.failed),
            dropped: read(&totals.dropped),
        };
        (all, totals, count.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn one_request_answers_all_who_ask_at_the_same_time() {
        let body = r#"{"record":{"id":"r-9","display_name":"Nia Novak","owner_user_id":"u-ana"}}"#;
        let (answers, totals, requests) = answer(json("200 OK", body), 3).await;
        assert_eq!((requests, totals.answered.into_inner()), (1, 1));
        for answer in answers {
            let record = answer.record.expect("a record");
            assert_eq!(&*record.display_name, "Nia Novak");
            assert_eq!(record.owner, Some(UserId::from("u-ana")));
        }
    }

    #[tokio::test]
    async fn whatever_is_no_answer_is_none() {
        let large = format!(r#"{{"record":null,"x":"{}"}}"#, "x".repeat(LARGEST));
        for (text, failed) in [
            (json("200 OK", r#"{"record":null}"#), 0),
            (json("404 Not Found", ""), 0),
            (json("500 Oh", ""), 1),
            (json("200 OK", "<html>"), 1),
            (json("200 OK", &large), 1),
            (json("302 Found\r\nLocation: file:///etc/hostname", ""), 1),
            (json("200 OK", r#"{"record":{"id":"","display_name":"Nia"}}"#), 1),
            (json("200 OK", r#"{"record":{"id":7,"display_name":"Nia"}}"#), 1),
            // It never answers.
            (None, 1),
        ] {
            let (answers, totals, _) = answer(text.clone(), 1).await;
            assert!(answers[0].record.is_none(), "{text:?}");
            assert_eq!(totals.failed.into_inner(), failed, "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_name_fits_into_a_header_and_no_error_quotes_one() {
        let name = format!("Nia\\r\\nX: {}", "a".repeat(5_000));
        let body = format!(r#"{{"record":{{"id":"r-9","display_name":"{name}"}}}}"#);
        let (answers, ..) = answer(json("200 OK", &body), 1).await;
        let record = answers[0].record.as_ref().expect("a record");
        assert!(record.display_name.starts_with("Nia  X: aaa"), "{}", record.display_name);
        assert_eq!(record.display_name.chars().count(), LONGEST_NAME);
        let wrong = serde_json::from_str::<Document>(r#"{"record":"Nia Novak"}"#);
        let error = NoAnswer::from(wrong.err().expect("no record")).to_string();
        assert!(error.contains("line 1") && !error.contains("Nia"), "{error}");
    }

    #[tokio::test]
    async fn what_does_not_fit_is_dropped_and_counted() {
        let url = "http://127.0.0.1:9/{number}".into();
        let deadline = Duration::from_millis(50);
        let (lookups, _service) =
            service(HttpLookup { url, deadline, token: None, concurrent: 1 }).expect("a client");
        let number = E164::parse("+15557770001").expect("a number");
        for _ in 0..WAITING + 2 {
            lookups.ask(Question { call: CallId::from("call-1"), number: number.clone() });
        }
        assert_eq!(lookups.totals().dropped.load(Ordering::Relaxed), 2);
    }
}
