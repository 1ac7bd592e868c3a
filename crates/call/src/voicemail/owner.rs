//! Whose a mailbox is, and who may listen to it.

use std::sync::Arc;

use model::UserId;
use model::directory::{Directory, MailboxId, MailboxSettings};

/// The owner of a mailbox.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) name: Arc<str>,
    /// What the directory says of the mailbox; where it says nothing it is one without a PIN.
    pub(crate) mailbox: MailboxSettings,
    /// Who may listen to it, if they know the PIN; `None`: everybody.
    members: Option<Vec<UserId>>,
}

impl Owner {
    /// The owner; `None`: there is no such user or group.
    pub(crate) fn of(mailbox: &MailboxId, directory: &Directory) -> Option<Self> {
        match mailbox {
            MailboxId::User(id) => directory.user(id).map(|user| Self {
                name: user.display_name.clone(),
                mailbox: user.mailbox.clone().unwrap_or_default(),
                members: None,
            }),
            MailboxId::Group(id) => directory.group(id).map(|group| Self {
                name: group.name.clone(),
                mailbox: group.mailbox.clone().unwrap_or_default(),
                members: Some(group.members.clone()),
            }),
        }
    }

    /// The id of a mailbox's owner.
    pub(crate) fn id(mailbox: &MailboxId) -> &str {
        match mailbox {
            MailboxId::User(user) => user.as_str(),
            MailboxId::Group(group) => group.as_str(),
        }
    }

    /// Whether this user may try its PIN: a group's only a member, a user's whoever knows it, so
    /// that he can listen to it from any telephone.
    pub(crate) fn admits(&self, user: &UserId) -> bool {
        self.members.as_ref().is_none_or(|members| members.contains(user))
    }
}
