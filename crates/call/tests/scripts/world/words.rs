//! How the log words what the engine orders and what became of it.

use std::fmt::Write as _;

use call::port::{
    CallOutput, Devices, Diversion, LegCommand, LegId, MediaCommand, RecordingId, Speaks,
};
use model::Millis;
use model::recording::RecordingChange;
use model::voicemail::VoicemailChange;

use super::{BEGINNING, Live};

impl Live {
    pub(super) fn describe(&self, output: &CallOutput) -> String {
        let text = match output {
            CallOutput::Leg(command) => self.ordered(command),
            CallOutput::Media(command) => self.told(command),
            CallOutput::Recording(id, change) => became(id, change),
            CallOutput::Named(..) => unreachable!("names are checked"),
            CallOutput::Cursor(group, user) => format!("cursor of {group} at {user}"),
            CallOutput::UserTaken(user) => format!("{user} is taken"),
            CallOutput::LookUp(number) => format!("look {number} up"),
            CallOutput::Voicemail(change) => message(change),
            CallOutput::Availability(user, availability, reason) => {
                let reason = reason.as_deref().unwrap_or("-");
                format!("{user} is {availability}, {reason}")
            }
            CallOutput::Finished => "finished".to_owned(),
            CallOutput::Wants(control) => format!("wants {control:?}"),
            CallOutput::Answered(_, Ok(())) => "obeyed".to_owned(),
            CallOutput::Answered(_, Err(why)) => format!("refused: {why}"),
            CallOutput::Record(_) => unreachable!("records are folded"),
        };
        if self.name == "A" { text } else { format!("{}: {text}", self.name) }
    }

    fn ordered(&self, command: &LegCommand) -> String {
        let name = |leg: &LegId| &self.names[leg];
        match command {
            LegCommand::Ring { .. } => "ring caller".to_owned(),
            LegCommand::PassEarlyMedia { from, .. } => {
                format!("ring caller with the media of {}", name(from))
            }
            LegCommand::Answer { leg, like: None } => format!("answer {}", name(leg)),
            LegCommand::Answer { leg, like: Some(like) } => {
                format!("answer {} like {}", name(leg), name(like))
            }
            LegCommand::Reject { leg, status } => format!("reject {} {status}", name(leg)),
            LegCommand::DialUser { leg, shown, devices, diverted, .. } => {
                let number = shown.number.as_deref().unwrap_or("anonymous");
                let shown_name = shown.name.as_deref().unwrap_or("-");
                let on = match devices {
                    Devices::All => String::new(),
                    Devices::Only(device) => format!(" on {device}"),
                };
                let by = passed_on(diverted);
                format!("dial {}{on}, showing {number} \"{shown_name}\"{by}", name(leg))
            }
            LegCommand::CallUser { leg, .. } => format!("call {}", name(leg)),
            LegCommand::DialOutside { to, shown, trunk, diverted, .. } => {
                let number = shown.number.as_deref().unwrap_or("anonymous");
                let trunk = trunk.as_ref().map_or("any trunk", |trunk| trunk.as_str());
                let by = passed_on(diverted);
                format!("dial {to} by {trunk}, showing {number}{by}")
            }
            LegCommand::Cancel { leg, why } => format!("cancel {} {why:?}", name(leg)),
            LegCommand::HangUp { leg, why } => format!("hang up {} {why:?}", name(leg)),
            LegCommand::Bridge { a, b } => format!("bridge {} {}", name(a), name(b)),
            LegCommand::Unbridge { a, b } => format!("unbridge {} {}", name(a), name(b)),
            LegCommand::Identify { leg, shown } => {
                let number = shown.number.as_deref().unwrap_or("-");
                let shown = shown.name.as_deref().unwrap_or("-");
                format!("tell {} that it is {number} \"{shown}\"", name(leg))
            }
            LegCommand::AcceptRefer { leg } => format!("accept the refer of {}", name(leg)),
            LegCommand::RefuseRefer { leg, status } => {
                format!("refuse the refer of {} {status}", name(leg))
            }
            LegCommand::NotifyRefer { leg, status } => format!("notify {} {status}", name(leg)),
            LegCommand::Prompt { leg } => format!("prompt {}", name(leg)),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the switch gives media the others")]
    fn told(&self, command: &MediaCommand) -> String {
        let name = |leg: &LegId| &self.names[leg];
        let name_of = |leg: &Option<LegId>| leg.as_ref().map_or("nobody", |leg| name(leg));
        match command {
            MediaCommand::Play { leg, list, .. } => {
                let mut text = format!("play {} {:?}", name(leg), list.items);
                text.push_str(if list.repeat { " for ever" } else { "" });
                text.push_str(if list.barge_in { " up to a digit" } else { "" });
                if let Some(language) = &list.language {
                    let _ = write!(text, " in {language}");
                }
                text
            }
            MediaCommand::StopPlay { leg } => format!("stop playing to {}", name(leg)),
            MediaCommand::SendDigit { leg, duration_ms, .. } => {
                format!("send a digit to {} for {duration_ms} ms", name(leg))
            }
            MediaCommand::Record { recording, left, right, file, format } => {
                let (left, right) = (name_of(left), name_of(right));
                format!("record {left} | {right} as {recording} in {file}, {format:?}")
            }
            MediaCommand::PauseRecording { recording, paused: true } => {
                format!("pause {recording}")
            }
            MediaCommand::PauseRecording { recording, paused: false } => {
                format!("go on with {recording}")
            }
            MediaCommand::StopRecording { recording } => format!("stop {recording}"),
            MediaCommand::NoticeSilence { leg, after_ms: Some(after_ms) } => {
                format!("notice {after_ms} ms of silence of {}", name(leg))
            }
            MediaCommand::NoticeSilence { leg, after_ms: None } => {
                format!("notice no silence of {}", name(leg))
            }
            MediaCommand::Join { leg, room, part } => {
                let speaks = match part.speaks {
                    Speaks::ToAll => String::new(),
                    Speaks::ToNobody => ", heard by nobody".to_owned(),
                    Speaks::To(leg) => format!(", heard by {}", name(&leg)),
                };
                format!("{} joins room {}{speaks}", name(leg), room.0)
            }
            MediaCommand::Leave { leg } => format!("{} leaves its room", name(leg)),
            other => panic!("the engine says {other:?}"),
        }
    }
}

/// What became of a voice message.
pub(super) fn message(change: &VoicemailChange) -> String {
    match change {
        VoicemailChange::Begun(message) => format!("{} is being left", message.id),
        VoicemailChange::Left(message) => {
            let number = message.from.as_ref().map_or("anonymous", |number| number.as_str());
            let name = message.from_name.as_deref().unwrap_or("-");
            let (id, file) = (&message.id, &message.file);
            let (ms, at) = (message.duration_ms, since_beginning(message.at));
            format!("{id} of {number} \"{name}\" was left at {at}: {ms} ms in {file}")
        }
        VoicemailChange::Heard { id, by, .. } => format!("{id} was heard by {by}"),
        VoicemailChange::Deleted { id, by, .. } => format!("{id} was deleted by {by}"),
        VoicemailChange::Dropped { id, .. } => format!("{id} was no message"),
    }
}

fn became(id: &RecordingId, change: &RecordingChange) -> String {
    let since = |at: &Millis| since_beginning(*at);
    match change {
        RecordingChange::Began { file, at, .. } => format!("{id} is {file} from {}", since(at)),
        RecordingChange::Paused { at } => format!("{id} paused at {}", since(at)),
        RecordingChange::Resumed { at } => format!("{id} resumed at {}", since(at)),
        RecordingChange::Failed { at, cause } => format!("{id} failed at {}: {cause}", since(at)),
        RecordingChange::Ended { .. } => panic!("the engine does not see the end"),
    }
}

/// Seconds of the wall clock of rows since the worlds began.
fn since_beginning(at: Millis) -> f64 {
    (at.0 - Millis::parse(BEGINNING).expect("a time").0) as f64 / 1_000.0
}

/// Who has passed a call on.
fn passed_on(diverted: &[Diversion]) -> String {
    let by = diverted.iter().map(|by| {
        let who = by.by.number.as_deref().unwrap_or("nobody");
        format!(", passed on by {who} ({:?})", by.reason)
    });
    by.collect()
}
