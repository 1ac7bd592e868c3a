//! What an entry says beside its columns, as the JSON of its `settings` column: devices, rules,
//! queues, mailboxes. Nothing said is NULL, so that an import of the same file changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::directory::source::{GroupEntry, IvrEntry, MailboxEntry, UserEntry};
use model::directory::{
    AgentRules, Device, Forwarding, Group, InboundRoute, Ivr, MailboxSettings, Menu, Queue,
    Spelling, User, VoicemailBox, device,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::credentials::hex;

/// `app_user.settings`.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct UserExtras {
    devices: Vec<Device>,
    inbound_route: Option<InboundRoute>,
    forward: Forwarding,
    skills: BTreeMap<Arc<str>, u8>,
    mailbox: Option<MailboxSettings>,
}

impl UserExtras {
    pub(super) fn of(entry: &UserEntry) -> Self {
        let skill = |(skill, level): (&String, &u8)| (Arc::from(&**skill), *level);
        Self {
            devices: entry.devices.iter().map(device).collect(),
            inbound_route: entry.inbound_route.clone(),
            forward: entry.forward.clone(),
            skills: entry.skills.iter().map(skill).collect(),
            mailbox: entry.voicemail.as_ref().map(|given| mailbox(&entry.id, given)),
        }
    }

    pub(super) fn fill(self, user: &mut User) {
        user.devices = self.devices;
        user.inbound_route = self.inbound_route;
        user.forward = self.forward;
        user.skills = self.skills;
        user.mailbox = self.mailbox;
    }
}

/// `user_group.settings`; the wrap-up time is a column.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GroupExtras {
    rules: AgentRules,
    mailbox: Option<MailboxSettings>,
}

impl GroupExtras {
    pub(super) fn of(entry: &GroupEntry) -> Self {
        Self {
            rules: AgentRules { wrap_up_ms: None, ..entry.rules.clone() },
            mailbox: entry.voicemail.as_ref().map(|given| mailbox(&entry.id, given)),
        }
    }

    pub(super) fn fill(self, group: &mut Group, wrap_up_ms: Option<u64>) {
        group.rules = AgentRules { wrap_up_ms, ..self.rules };
        group.mailbox = self.mailbox;
    }
}

/// `ivr.settings`.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct IvrExtras {
    queue: Option<Queue>,
    menu: Option<Menu>,
    voicemail: Option<VoicemailBox>,
    spelling: Option<Spelling>,
}

impl IvrExtras {
    pub(super) fn of(entry: &IvrEntry) -> Self {
        Self {
            queue: entry.queue.clone(),
            menu: entry.menu.clone(),
            voicemail: entry.voicemail.clone(),
            spelling: entry.spelling.clone(),
        }
    }

    pub(super) fn fill(self, ivr: &mut Ivr) {
        ivr.queue = self.queue;
        ivr.menu = self.menu.unwrap_or_default();
        ivr.voicemail = self.voicemail;
        ivr.spelling = self.spelling.unwrap_or_default();
    }
}

/// The text of the column; `None` where nothing is said.
pub(super) fn text<T: Serialize + Default + PartialEq>(extras: &T) -> Option<String> {
    // These are texts, numbers and maps by text, which JSON can always hold.
    (*extras != T::default()).then(|| serde_json::json!(extras).to_string())
}

/// Of a PIN only its hash is kept, salted with its owner.
fn mailbox(owner: &str, given: &MailboxEntry) -> MailboxSettings {
    let text = |text: &Option<String>| text.as_ref().map(|text| Arc::from(&**text));
    let hash = |pin: &String| Arc::from(hex(&Sha256::digest(format!("{owner}:{pin}"))));
    MailboxSettings {
        greeting_prompt: text(&given.greeting_prompt),
        pin_sha256: given.pin.as_ref().map(hash),
        attach: given.attach,
    }
}
