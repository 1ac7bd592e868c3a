//! What a dialog is called on the wire (RFC 3261 12): the words that Replaces (RFC 3891) and
//! dialog-info (RFC 4235) name it by.
//!
//! Guarantees that a dialog has the same name while it is early and when it is confirmed.

use crate::{
    dialog::DialogState,
    message::{Method, Replaces},
    user_agent_core::{DialogId, FoundDialog, InviteId, UserAgentCore, uas_dialog::Found},
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

    /// The dialog with this Call-ID and these tags, as seen from here (RFC 3891 3); `None`: there
    /// is none, and has been none for a while.
    pub fn find_dialog(
        &self,
        call_id: &str,
        local_tag: &str,
        remote_tag: &str,
    ) -> Option<FoundDialog> {
        match self.find_by(call_id, local_tag, remote_tag) {
            Found::Nobody => None,
            Found::Ringing(invite) => Some(FoundDialog::Ringing(invite)),
            Found::Dialog(id) => Some(match self.dialogs.get(&id)?.state {
                DialogState::Early => FoundDialog::Early(id),
                DialogState::Confirmed => FoundDialog::Confirmed(id),
                DialogState::Mortal | DialogState::Morgue => FoundDialog::Ended,
            }),
        }
    }

    /// Whether the peer of a dialog has said, in Allow, that it takes this method.
    pub fn peer_allows(&self, id: DialogId, method: &Method) -> bool {
        self.dialogs.get(&id).is_some_and(|dialog| dialog.peer.allows(method))
    }

    /// Whether nothing that changes the session is under way in a dialog: no INVITE, and no 2xx
    /// that waits for its ACK.
    pub fn is_quiet(&self, id: DialogId) -> bool {
        self.dialogs.get(&id).is_some_and(|dialog| {
            dialog.state == DialogState::Confirmed
                && dialog.unacknowledged.is_none()
                && dialog.peer_invite.is_none()
                && dialog.our_invite.is_none()
                && dialog.ack_owed.is_none()
                && dialog.glare.is_none()
        })
    }
}
