//! Codes of the server: what a user dials to tell it something (`*10`, `*97`), and what a telephone
//! subscribes to for the lamp of such a key. Some take more: `*20` and a user, `*71` and a slot.
//! Trunks cannot dial them.

use std::collections::BTreeMap;
use std::sync::Arc;

use call::port::{Code, Control, Supervision};
use model::directory::{Assignment, Directory, MailboxId};
use model::phone::Dialled;
use model::{GroupId, IvrId, UserId};

/// What a code means; [`Code`] is the same said of the user who dials it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeMeaning {
    /// Groups may offer him calls.
    Available,
    /// They may not, for this reason.
    Away(Arc<str>),
    /// If they may they may not any more, and the other way round.
    Toggle,
    /// He listens to his own mailbox.
    Voicemail,
    /// He listens to the mailbox of a group that he is a member of.
    GroupVoicemail(GroupId),
    /// He enters an IVR, as a caller would.
    Ivr(IvrId),
    /// He takes the call that rings at the user whose name or number follows.
    PickUp,
    /// He takes the call that rings longest in a group of his.
    PickUpGroup,
    /// The call that he holds waits in the slot that follows, or in the first that is free.
    Park,
    /// He fetches the call from the slot that follows.
    Retrieve,
    /// He takes his own call from another device of his.
    Move,
    /// He speaks with all whom he holds.
    Conference,
    /// He is on the call of the user who follows, as a supervisor.
    Supervise(Supervision),
}

/// The codes, by what is dialled. A user's name goes before a code of the same letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes(pub BTreeMap<Arc<str>, CodeMeaning>);

impl Codes {
    /// No code at all.
    pub fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// What was dialled, if it is a code and nothing more.
    pub fn meaning(&self, dialled: &str) -> Option<&CodeMeaning> {
        self.0.get(dialled)
    }

    /// What a code means where this user dials it; `Some(None)`: it is a code, but what follows it
    /// is nobody. Of several codes with which it begins the longest counts.
    pub(crate) fn of_user(
        &self,
        dialled: &str,
        user: &UserId,
        directory: &Directory,
    ) -> Option<Option<Code>> {
        if let Some(meaning) = self.meaning(dialled) {
            return Some(alone(meaning, user));
        }
        let fits = |(code, meaning): &(&Arc<str>, &CodeMeaning)| {
            takes_more(meaning) && dialled.starts_with(&***code)
        };
        let (code, meaning) = self.0.iter().filter(fits).max_by_key(|(code, _)| code.len())?;
        let more = dialled.get(code.len()..)?;
        Some(with_more(meaning, more, directory))
    }
}

/// Whether something may follow a code.
fn takes_more(meaning: &CodeMeaning) -> bool {
    match meaning {
        CodeMeaning::PickUp
        | CodeMeaning::Park
        | CodeMeaning::Retrieve
        | CodeMeaning::Supervise(_) => true,
        CodeMeaning::Available
        | CodeMeaning::Away(_)
        | CodeMeaning::Toggle
        | CodeMeaning::Voicemail
        | CodeMeaning::GroupVoicemail(_)
        | CodeMeaning::Ivr(_)
        | CodeMeaning::PickUpGroup
        | CodeMeaning::Move
        | CodeMeaning::Conference => false,
    }
}

fn alone(meaning: &CodeMeaning, user: &UserId) -> Option<Code> {
    Some(match meaning {
        CodeMeaning::Available => Code::Available,
        CodeMeaning::Away(reason) => Code::Away(reason.clone()),
        CodeMeaning::Toggle => Code::Toggle,
        CodeMeaning::Voicemail => Code::Voicemail(MailboxId::User(user.clone())),
        CodeMeaning::GroupVoicemail(group) => Code::Voicemail(MailboxId::Group(group.clone())),
        CodeMeaning::Ivr(ivr) => Code::Ivr(ivr.clone()),
        CodeMeaning::PickUpGroup => Code::Control(Control::PickUpGroup),
        CodeMeaning::Park => Code::Control(Control::Park(None)),
        CodeMeaning::Move => Code::Control(Control::Move),
        CodeMeaning::Conference => Code::Control(Control::Conference),
        // Who, and which, has to be said.
        CodeMeaning::PickUp | CodeMeaning::Retrieve | CodeMeaning::Supervise(_) => return None,
    })
}

fn with_more(meaning: &CodeMeaning, more: &str, directory: &Directory) -> Option<Code> {
    Some(Code::Control(match meaning {
        CodeMeaning::PickUp => Control::PickUp(named_user(more, directory)?),
        CodeMeaning::Park => Control::Park(Some(more.into())),
        CodeMeaning::Retrieve => Control::Retrieve(more.into()),
        CodeMeaning::Supervise(how) => Control::Supervise(named_user(more, directory)?, *how),
        CodeMeaning::Available
        | CodeMeaning::Away(_)
        | CodeMeaning::Toggle
        | CodeMeaning::Voicemail
        | CodeMeaning::GroupVoicemail(_)
        | CodeMeaning::Ivr(_)
        | CodeMeaning::PickUpGroup
        | CodeMeaning::Move
        | CodeMeaning::Conference => return None,
    }))
}

/// The user of this name, or of this number.
fn named_user(text: &str, directory: &Directory) -> Option<UserId> {
    if let Some(user) = directory.user_by_sip_username(text) {
        return Some(user.id.clone());
    }
    let Dialled::Number(number) = Dialled::read(text, None) else {
        return None;
    };
    match &directory.number_by_e164(&number)?.assignment {
        Assignment::User(user) => Some(user.clone()),
        Assignment::Group(..) => None,
    }
}

impl Default for Codes {
    /// `*10` changes over, `*11` available, `*12` away ("away"), `*97` the own mailbox; `*20` and a
    /// user picks up, `*21` in a group, `*22` moves a call here; `*23`, `*24`, `*25` and a user
    /// listen, whisper and barge in; `*30` joins all who are held; `*70` parks, `*71` and a slot
    /// fetches.
    fn default() -> Self {
        let codes = [
            ("*10", CodeMeaning::Toggle),
            ("*11", CodeMeaning::Available),
            ("*12", CodeMeaning::Away("away".into())),
            ("*97", CodeMeaning::Voicemail),
            ("*20", CodeMeaning::PickUp),
            ("*21", CodeMeaning::PickUpGroup),
            ("*22", CodeMeaning::Move),
            ("*23", CodeMeaning::Supervise(Supervision::Listen)),
            ("*24", CodeMeaning::Supervise(Supervision::Whisper)),
            ("*25", CodeMeaning::Supervise(Supervision::Barge)),
            ("*30", CodeMeaning::Conference),
            ("*70", CodeMeaning::Park),
            ("*71", CodeMeaning::Retrieve),
        ];
        Self(codes.into_iter().map(|(dialled, meaning)| (dialled.into(), meaning)).collect())
    }
}

#[cfg(test)]
mod tests {
    use model::directory::User;

    use super::*;

    fn directory() -> Directory {
        let mut directory = Directory::new();
        directory.add_user(User::named(UserId::from("u-bo"), "Bo".into(), "bo".into()));
        directory
    }

    #[test]
    fn a_code_speaks_of_who_dials_it() {
        let (codes, ana, directory) = (Codes::default(), UserId::from("u-ana"), directory());
        let code = |codes: &Codes, dialled: &str| codes.of_user(dialled, &ana, &directory);
        let own = Code::Voicemail(MailboxId::User(ana.clone()));
        assert_eq!(code(&codes, "*97"), Some(Some(own)));
        assert_eq!(code(&codes, "*12"), Some(Some(Code::Away("away".into()))));
        assert_eq!(code(&codes, "*13"), None);
        assert_eq!(code(&codes, "*101"), None);
        assert_eq!(code(&Codes::none(), "*97"), None);
    }

    #[test]
    fn what_follows_a_code_is_somebody_or_a_slot() {
        let (mut codes, ana, directory) = (Codes::default(), UserId::from("u-ana"), directory());
        let code = |codes: &Codes, dialled: &str| match codes.of_user(dialled, &ana, &directory) {
            Some(Some(Code::Control(control))) => format!("{control:?}"),
            other => format!("{other:?}"),
        };
        assert_eq!(code(&codes, "*20bo"), "PickUp(u-bo)");
        assert_eq!(code(&codes, "*20eve"), "Some(None)");
        assert_eq!(code(&codes, "*20"), "Some(None)");
        assert_eq!(code(&codes, "*24bo"), "Supervise(u-bo, Whisper)");
        assert_eq!(code(&codes, "*70"), "Park(None)");
        assert_eq!(code(&codes, "*7071"), "Park(Some(\"71\"))");
        assert_eq!(code(&codes, "*7171"), "Retrieve(\"71\")");
        // The longest code that fits.
        codes.0.insert("*7".into(), CodeMeaning::Park);
        assert_eq!(code(&codes, "*7172"), "Retrieve(\"72\")");
        assert_eq!(code(&codes, "*772"), "Park(Some(\"72\"))");
    }
}
