//! `[lookup]` and `[smtp]`: the HTTP service that is asked who has a number, and the mail server
//! that carries notifications. Both are off where they are not configured.

use std::sync::Arc;
use std::time::Duration;

use crate::config::found::Complaint;
use crate::config::section::Section;
use crate::config::{Credentials, value};

/// `[lookup]`.
#[derive(Clone)]
pub struct HttpLookup {
    /// Where is asked; `{number}` stands for the E.164 number, percent-encoded.
    pub url: Arc<str>,
    /// How long an answer is waited for.
    pub deadline: Duration,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Arc<str>>,
    /// Questions under way at one time; more are not asked.
    pub concurrent: usize,
}

/// `[smtp]`.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Host of the mail server.
    pub host: Arc<str>,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// Who the mail comes from.
    pub from: Arc<str>,
    /// How the server is logged in to.
    pub credentials: Option<Credentials>,
}

/// `[smtp] tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// TLS from the first byte (port 465).
    Wrapped,
    /// STARTTLS, or nothing is sent (port 587).
    StartTls,
    /// None: a relay on the same machine.
    None,
}

impl std::fmt::Debug for HttpLookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpLookup").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

pub(in crate::config) fn lookup(section: Section<'_>) -> Option<HttpLookup> {
    let url = section.parsed("url", |text| {
        let asked = reqwest::Url::parse(&text.replace("{number}", "%2B15557770001"));
        let known = asked.is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
        if known && text.contains("{number}") && !text.contains(char::is_whitespace) {
            return Ok(Arc::from(text));
        }
        let cause = format!("`{text}` is no address to ask at");
        let remedy = "write e.g. \"https://crm.example/lookup?number={number}\"";
        Err(Complaint::new(cause, remedy))
    });
    let deadline = Duration::from_millis(section.number("timeout_ms", 800, 50..=5_000));
    let token = section.text("token").map(|found| Arc::from(found.value));
    let concurrent = crate::config::read::size(section.number("concurrent", 64, 1..=1_024));
    let mut others = ["timeout_ms", "token", "concurrent"].into_iter();
    if section.is_absent("url") && others.any(|key| !section.is_absent(key)) {
        section.missing("url", "name the service, or remove [lookup]");
    }
    section.finish();
    Some(HttpLookup { url: url?.value, deadline, token, concurrent })
}

pub(in crate::config) fn smtp(section: Section<'_>) -> Option<Smtp> {
    let host = section.parsed("host", value::domain);
    let tls = section.parsed("tls", |text| match text {
        "wrapped" => Ok(MailTls::Wrapped),
        "starttls" => Ok(MailTls::StartTls),
        "none" => Ok(MailTls::None),
        _ => {
            let cause = format!("`{text}` is no kind of protection");
            Err(Complaint::new(cause, "write \"starttls\", \"wrapped\" or \"none\""))
        }
    });
    let tls = tls.map_or(MailTls::StartTls, |found| found.value);
    let default_port = match tls {
        MailTls::Wrapped => 465,
        MailTls::StartTls => 587,
        MailTls::None => 25,
    };
    let port = section.number("port", default_port, 1..=65_535);
    let from = section.parsed("from", |text| {
        text.parse::<lettre::message::Mailbox>().map(|_| Arc::<str>::from(text)).map_err(|_| {
            let cause = format!("`{text}` is no sender");
            Complaint::new(cause, "write e.g. \"Tandem <tandem@example.com>\"")
        })
    });
    let username = section.text("username").map(|found| found.value);
    let password = section.text("password").map(|found| found.value);
    if username.is_some() != password.is_some() {
        let (missing, remedy) = match username {
            Some(_) => ("password", "set it, best by TANDEM_SMTP__PASSWORD"),
            None => ("username", "name the user whose password it is"),
        };
        section.missing(missing, remedy);
    }
    let mut others = ["tls", "port", "from", "username", "password"].into_iter();
    if section.is_absent("host") && others.any(|key| !section.is_absent(key)) {
        section.missing("host", "name the mail server, or remove [smtp]");
    }
    if !section.is_absent("host") && section.is_absent("from") {
        section.missing("from", "write e.g. from = \"Tandem <tandem@example.com>\"");
    }
    section.finish();
    let credentials = username.zip(password);
    Some(Smtp {
        host: host?.value,
        port: u16::try_from(port).unwrap_or(587),
        tls,
        from: from?.value,
        credentials: credentials.map(|(username, password)| Credentials { username, password }),
    })
}
