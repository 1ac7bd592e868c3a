//! Codes of the server: what a user dials to tell it something (`*10`, `*97`), and what a telephone
//! subscribes to for the lamp of such a key. Trunks cannot dial them.

use std::collections::BTreeMap;
use std::sync::Arc;

use call::port::Code;
use model::directory::MailboxId;
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
}

/// The codes, by what is dialled. A user's name goes before a code of the same letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes(pub BTreeMap<Arc<str>, CodeMeaning>);

impl Codes {
    /// No code at all.
    pub fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// What was dialled, if it is a code.
    pub fn meaning(&self, dialled: &str) -> Option<&CodeMeaning> {
        self.0.get(dialled)
    }

    /// What a code means where this user dials it.
    pub(crate) fn of_user(&self, dialled: &str, user: &UserId) -> Option<Code> {
        Some(match self.meaning(dialled)? {
            CodeMeaning::Available => Code::Available,
            CodeMeaning::Away(reason) => Code::Away(reason.clone()),
            CodeMeaning::Toggle => Code::Toggle,
            CodeMeaning::Voicemail => Code::Voicemail(MailboxId::User(user.clone())),
            CodeMeaning::GroupVoicemail(group) => Code::Voicemail(MailboxId::Group(group.clone())),
            CodeMeaning::Ivr(ivr) => Code::Ivr(ivr.clone()),
        })
    }
}

impl Default for Codes {
    /// `*10` changes over, `*11` available, `*12` away ("away"), `*97` the own mailbox.
    fn default() -> Self {
        let codes = [
            ("*10", CodeMeaning::Toggle),
            ("*11", CodeMeaning::Available),
            ("*12", CodeMeaning::Away("away".into())),
            ("*97", CodeMeaning::Voicemail),
        ];
        Self(codes.into_iter().map(|(dialled, meaning)| (dialled.into(), meaning)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_speaks_of_who_dials_it() {
        let (codes, ana) = (Codes::default(), UserId::from("u-ana"));
        let own = Code::Voicemail(MailboxId::User(ana.clone()));
        assert_eq!(codes.of_user("*97", &ana), Some(own));
        assert_eq!(codes.of_user("*12", &ana), Some(Code::Away("away".into())));
        assert_eq!(codes.of_user("*13", &ana), None);
        assert_eq!(Codes::none().of_user("*97", &ana), None);
    }
}
