//! Quality events of a call (R022, §4.6): media names a leg, the rows name the anchor or a
//! Connection, and people read who it was.

use model::call_graph::event::{CallEvent, ConnectionSeq, Party};
use model::directory::Directory;

use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::{QualityChange, QualityNotice};
use crate::stage::Stage;
use crate::talk::handed::Handed;

/// Records a change of an episode, if its leg is one that the rows name.
pub(crate) fn record(notice: &QualityNotice, stage: &Stage, basis: &Basis, ctx: &mut Ctx<'_>) {
    let name = |party: &Party| match *party == basis.anchor.party {
        true => caller(party, &basis.directory),
        false => called(party, &basis.directory),
    };
    let server = || "the server".to_owned();
    let talk = if let Stage::Talking(talk) = stage { Some(talk) } else { None };
    let (connection, party, other) = match talk.and_then(|talk| talk.speakers(notice.leg)) {
        Some((connection, party, other)) => {
            (connection, name(party), other.map_or_else(server, name))
        }
        None if talk.is_none() && notice.leg == basis.anchor.leg => {
            let connection = basis.handed.as_ref().and_then(Handed::connection);
            (connection, name(&basis.anchor.party), server())
        }
        None => return,
    };
    let explanation = explain(&notice.explanation, &party, &other);
    basis.record(event(notice, connection, explanation), ctx);
}

fn event(
    notice: &QualityNotice,
    connection: Option<ConnectionSeq>,
    explanation: String,
) -> CallEvent {
    let (stream, metric) = (notice.stream, notice.metric);
    let explanation = explanation.into();
    match notice.change {
        QualityChange::Raised { severity, threshold, worst } => CallEvent::QualityRaised {
            connection,
            stream,
            metric,
            severity,
            threshold,
            worst,
            source: notice.source,
            explanation,
        },
        QualityChange::Worsened { severity, worst } => {
            CallEvent::QualityWorsened { connection, stream, metric, severity, worst, explanation }
        }
        QualityChange::Cleared { worst } => {
            CallEvent::QualityCleared { connection, stream, metric, worst, explanation }
        }
    }
}

/// Puts names into `{party}` and `{other}`; what looks like one inside a name stays.
fn explain(text: &str, party: &str, other: &str) -> String {
    let parts: Vec<String> =
        text.split("{party}").map(|part| part.replace("{other}", other)).collect();
    parts.join(party)
}

fn caller(party: &Party, directory: &Directory) -> String {
    match party {
        Party::User { .. } => called(party, directory),
        Party::External { .. } => "caller".to_owned(),
    }
}

fn called(party: &Party, directory: &Directory) -> String {
    match party {
        Party::User { user, .. } => match directory.user(user) {
            Some(known) => format!("agent {}", known.display_name),
            None => format!("agent {user}"),
        },
        Party::External { number: Some(number), .. } => number.as_str().to_owned(),
        Party::External { text: Some(text), .. } => text.to_string(),
        Party::External { .. } => "the called party".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn names_take_their_places_once() {
        let text = "{party} heard nothing from {other} for 6 s; {party} may have hung up";
        assert_eq!(
            explain(text, "caller", "agent {party}"),
            "caller heard nothing from agent {party} for 6 s; caller may have hung up"
        );
        assert_eq!(explain("", "caller", "agent"), "");
    }
}
