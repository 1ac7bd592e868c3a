//! Who passed a call on before it rings: Diversion (RFC 5806, newest first) and History-Info (RFC
//! 7044, oldest first) of the INVITEs that follow from one. What came with a trunk's INVITE is
//! carried on behind ours, so that a circle through other servers has an end: a call that was
//! passed on more often than [`HOPS`] says is refused. What a telephone says is counted only. What
//! its sender does not want to be shown is shown to nobody.

use std::borrow::Cow;

use call::port::{Diversion, DiversionReason, Shown};
use sip::message::{HeaderName, Headers};
use sip::user_agent_core::ExtraHeader;

/// The most often a call may have been passed on before it comes to us.
pub(crate) const HOPS: usize = 10;

/// What is longer counts and is not carried on: every telephone that rings would get it.
const LONGEST: usize = 300;

/// Stands for who does not want to be shown (RFC 3323 §4.1.1.3).
const NOBODY: &str = "<sip:anonymous@anonymous.invalid>";

/// What an arriving INVITE says of the way that it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    /// Values of Diversion, the newest first.
    diversions: Vec<String>,
    /// Values of History-Info, the oldest first.
    history: Vec<String>,
}

impl Trail {
    /// Reads it. `None`: the call has been passed on too often.
    pub(crate) fn of(headers: &Headers) -> Option<Self> {
        let read = |name| headers.tokens(name).map(Cow::into_owned).collect::<Vec<_>>();
        let (diversions, history) = (read(HeaderName::Diversion), read(HeaderName::HistoryInfo));
        // One entry may stand for several (RFC 5806 §5.1.3); the first of a history is for who was
        // called at first.
        let diverted: usize = diversions.iter().map(|value| counter(value)).sum();
        if diverted.max(history.len().saturating_sub(1)) > HOPS {
            return None;
        }
        let hidden = headers.privacy().any(|wish| wish.eq_ignore_ascii_case("history"));
        let carried = |value: &String| value.len() <= LONGEST && !value.contains(char::is_control);
        let history = history.into_iter().map(|value| shown_entry(value, hidden));
        Some(Self {
            diversions: diversions.into_iter().map(shown_diversion).filter(carried).collect(),
            history: history.filter(carried).collect(),
        })
    }

    /// The headers of an INVITE to `target` that follows from it, because these have passed the
    /// call on, the first of them first.
    pub(crate) fn headers(
        &self,
        diverted: &[Diversion],
        target: &str,
        domain: &str,
    ) -> Vec<ExtraHeader> {
        let ours = diverted.iter().rev().map(|by| diversion(by, domain));
        let diversions = ours.chain(self.diversions.iter().cloned());
        let mut history = self.history.clone();
        let mut index = history.last().map(|last| index(last).to_owned());
        let mut cause = None;
        for by in diverted {
            let who = address(&by.by, domain);
            history.push(entry(&who, &mut index, cause));
            cause = Some(by.reason);
        }
        if cause.is_some() {
            history.push(entry(&format!("<{target}>"), &mut index, cause));
        }
        let diversions = diversions.map(|value| (HeaderName::Diversion, value));
        diversions.chain(history.into_iter().map(|it| (HeaderName::HistoryInfo, it))).collect()
    }
}

/// How many diversions an entry stands for.
fn counter(value: &str) -> usize {
    parameter(value, "counter").and_then(|count| count.parse().ok()).unwrap_or(1).clamp(1, 1_000)
}

/// A parameter behind an address.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let behind = value.rsplit_once('>').map_or(value, |(_, behind)| behind);
    behind.split(';').skip(1).find_map(|it| {
        let (key, value) = it.split_once('=').unwrap_or((it, ""));
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// An arriving Diversion as it may be shown.
fn shown_diversion(value: String) -> String {
    if parameter(&value, "privacy").is_none_or(|wish| wish.eq_ignore_ascii_case("off")) {
        return value;
    }
    let reason = parameter(&value, "reason").unwrap_or("unknown");
    format!("{NOBODY};reason={reason};privacy=full")
}

/// An arriving History-Info entry as it may be shown (RFC 7044 §10.1.2).
fn shown_entry(value: String, hidden: bool) -> String {
    let own = value.to_ascii_lowercase();
    // A name before the address may have a bracket in it.
    let wish = own.rsplit_once('>').map_or("", |(address, _)| address);
    let is_hidden = wish.split_once('?').is_some_and(|(_, headers)| {
        headers.split('&').any(|header| header.starts_with("privacy="))
    });
    if hidden || is_hidden { format!("{NOBODY};index={}", index(&value)) } else { value }
}

/// The place of an entry in its history.
fn index(value: &str) -> &str {
    parameter(value, "index").filter(|index| !index.is_empty()).unwrap_or("1")
}

/// The next entry; `cause`: why the call came from the one before.
fn entry(who: &str, index: &mut Option<String>, cause: Option<DiversionReason>) -> String {
    let parent = index.take();
    let here = parent.as_ref().map_or_else(|| "1".to_owned(), |parent| format!("{parent}.1"));
    let entry = match (cause, &parent) {
        (Some(cause), Some(parent)) => {
            // The cause is a parameter of the URI (RFC 4458 §2).
            let uri = who.trim_end_matches('>');
            format!("{uri};cause={}>;index={here};mp={parent}", sip_cause(cause))
        }
        (Some(_), None) | (None, _) => format!("{who};index={here}"),
    };
    *index = Some(here);
    entry
}

fn diversion(diversion: &Diversion, domain: &str) -> String {
    let who = address(&diversion.by, domain);
    let reason = match diversion.reason {
        DiversionReason::Unconditional => "unconditional",
        DiversionReason::Busy => "user-busy",
        DiversionReason::NoAnswer => "no-answer",
        DiversionReason::Unavailable => "unavailable",
    };
    let privacy = if diversion.by.number.is_some() { "off" } else { "full" };
    format!("{who};reason={reason};privacy={privacy}")
}

/// RFC 4458 §3.
fn sip_cause(reason: DiversionReason) -> u16 {
    match reason {
        DiversionReason::Unconditional => 302,
        DiversionReason::Busy => 486,
        DiversionReason::NoAnswer => 408,
        DiversionReason::Unavailable => 503,
    }
}

fn address(shown: &Shown, domain: &str) -> String {
    let Some(number) = &shown.number else {
        return NOBODY.to_owned();
    };
    let name = shown.name.iter().filter(|name| !name.contains(char::is_control));
    let name: String = name.map(|it| it.replace('\\', "\\\\").replace('"', "\\\"")).collect();
    match name.is_empty() {
        true => format!("<sip:{number}@{domain}>"),
        false => format!("\"{name}\" <sip:{number}@{domain}>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(number: Option<&str>, name: Option<&str>, reason: DiversionReason) -> Diversion {
        let shown = Shown { number: number.map(Into::into), name: name.map(Into::into) };
        Diversion { by: shown, reason }
    }

    fn lines(trail: &Trail, diverted: &[Diversion]) -> String {
        let headers = trail.headers(diverted, "sip:+15558880001@carrier.test", "pbx.test");
        let lines: Vec<_> = headers.iter().map(|(name, it)| format!("{name}: {it}")).collect();
        lines.join("\n")
    }

    #[test]
    fn who_passed_a_call_on_stands_in_both_headers() {
        assert_eq!(lines(&Trail::default(), &[]), "");
        let diverted = [
            by(Some("ana"), Some("Ana \"A\" Agent"), DiversionReason::Unconditional),
            by(Some("+15550100002"), None, DiversionReason::Busy),
            by(None, Some("Cat"), DiversionReason::NoAnswer),
        ];
        insta::assert_snapshot!(lines(&Trail::default(), &diverted), @r#"
        Diversion: <sip:anonymous@anonymous.invalid>;reason=no-answer;privacy=full
        Diversion: <sip:+15550100002@pbx.test>;reason=user-busy;privacy=off
        Diversion: "Ana \"A\" Agent" <sip:ana@pbx.test>;reason=unconditional;privacy=off
        History-Info: "Ana \"A\" Agent" <sip:ana@pbx.test>;index=1
        History-Info: <sip:+15550100002@pbx.test;cause=302>;index=1.1;mp=1
        History-Info: <sip:anonymous@anonymous.invalid;cause=486>;index=1.1.1;mp=1.1
        History-Info: <sip:+15558880001@carrier.test;cause=408>;index=1.1.1.1;mp=1.1.1
        "#);
    }

    #[test]
    fn what_came_with_the_call_is_carried_on_and_nobody_is_shown_who_hides() {
        let trail = Trail {
            diversions: vec![
                shown_diversion("<sip:1@a>;reason=user-busy;privacy=\"off\"".to_owned()),
                shown_diversion("\"Me\" <sip:2@a>;privacy=full;reason=no-answer".to_owned()),
            ],
            history: vec![
                shown_entry("<sip:3@a>;index=1".to_owned(), false),
                shown_entry("<sip:4@a?Privacy=history>;index=1.2".to_owned(), false),
            ],
        };
        let diverted = [by(Some("ana"), None, DiversionReason::Unavailable)];
        insta::assert_snapshot!(lines(&trail, &diverted), @r#"
        Diversion: <sip:ana@pbx.test>;reason=unavailable;privacy=off
        Diversion: <sip:1@a>;reason=user-busy;privacy="off"
        Diversion: <sip:anonymous@anonymous.invalid>;reason=no-answer;privacy=full
        History-Info: <sip:3@a>;index=1
        History-Info: <sip:anonymous@anonymous.invalid>;index=1.2
        History-Info: <sip:ana@pbx.test>;index=1.2.1
        History-Info: <sip:+15558880001@carrier.test;cause=503>;index=1.2.1.1;mp=1.2.1
        "#);
        assert_eq!(shown_entry("<sip:3@a>;index=1".to_owned(), true), format!("{NOBODY};index=1"));
        let named = "\"A > B\" <sip:3@a?Privacy=history>;index=1".to_owned();
        assert_eq!(shown_entry(named, false), format!("{NOBODY};index=1"));
    }

    #[test]
    fn an_entry_may_stand_for_several() {
        assert_eq!(counter("<sip:1@a>;reason=unknown;counter=7"), 7);
        assert_eq!(counter("<sip:1@a;counter=7>"), 1);
        assert_eq!(counter("<sip:1@a>;counter=-7"), 1);
    }
}
