//! What a dialog is called on the wire (RFC 3261 12): the words that Replaces (RFC 3891) and
//! dialog-info (RFC 4235) name it by.
//!
//! Guarantees that a dialog has the same name while it is early and when it is confirmed.

use crate::{
    message::Replaces,
    user_agent_core::{DialogId, InviteId, UserAgentCore},
};

/// A dialog as its two ends know it, seen from ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DialogName {
    /// The Call-ID.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag.
    pub remote_tag: String,
}

impl DialogName {
    /// What a third party says to the peer to take our place in the dialog: the peer's own tag is
    /// its `to-tag` (RFC 3891 3).
    pub fn replaces(&self, early_only: bool) -> Replaces {
        Replaces {
            call_id: self.call_id.clone(),
            to_tag: self.remote_tag.clone(),
            from_tag: self.local_tag.clone(),
            early_only,
        }
    }
}

impl UserAgentCore {
    /// The name of a dialog; `None` when it is gone.
    pub fn dialog_name(&self, id: DialogId) -> Option<DialogName> {
        let dialog = self.dialogs.get(&id)?;
        Some(DialogName {
            call_id: dialog.call_id.to_string(),
            local_tag: dialog.local_tag.to_string(),
            remote_tag: dialog.remote_tag.to_string(),
        })
    }

    /// The name of the early dialog of a peer's INVITE; `None` when it has its final response.
    pub fn invite_name(&self, id: InviteId) -> Option<DialogName> {
        let invite = self.invites.get(&id)?;
        let headers = self.layer.server_request(invite.server)?.headers();
        Some(DialogName {
            call_id: headers.call_id().ok()?.into(),
            local_tag: invite.tag.to_string(),
            remote_tag: headers.from_tag().unwrap_or_default().into(),
        })
    }
}
