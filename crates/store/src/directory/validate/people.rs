//! Users and groups: their devices, routes, skills, mailboxes and members (F3, F7).

use std::collections::BTreeSet;

use model::directory::source::{GroupEntry, MailboxEntry, UserEntry};
use model::directory::{
    AcdStrategy, AfterRoute, AgentRules, Device, DeviceKind, InboundRoute, device,
};
use model::{E164, nearest};

use super::{At, Check, Severity, is_dialable};

/// Longest ring time of one step of a personal inbound route, ms.
const LONGEST_RING_MS: u64 = 300_000;
const LONGEST_WRAP_UP_MS: u64 = 3_600_000;

impl Check<'_> {
    pub(super) fn users(&mut self, users: &[UserEntry], realm: Option<&str>) {
        self.unique("users", "id", users.iter().map(|u| (&*u.id, &*u.id)));
        self.unique("users", "sip_username", users.iter().map(|u| (&*u.id, &*u.sip_username)));
        for user in users {
            let at = At { section: "users", id: &user.id };
            let bad = |c: char| c.is_whitespace() || c.is_control() || "@:;?<>\"".contains(c);
            if user.sip_username.contains(bad) {
                let cause =
                    format!("`{}` cannot stand before the @ of an address", user.sip_username);
                self.error(at, "sip_username", cause, "use letters, digits, `.`, `-` and `_`");
            }
            self.hashes(at, user, realm);
            self.email(at, user.email.as_deref());
            self.mailbox(at, user.voicemail.as_ref());
            let devices: Vec<Device> = user.devices.iter().map(device).collect();
            self.devices(at, &devices);
            if let Some(receiver) = &user.acd_receiver {
                self.device_reference(at, "acd_receiver", receiver, &devices);
            }
            if let Some(route) = &user.inbound_route {
                self.inbound_route(at, route, &devices, user.voicemail.as_ref());
            }
            for (skill, level) in &user.skills {
                self.level(at, "skills", skill, *level);
            }
        }
    }

    fn hashes(&mut self, at: At<'_>, user: &UserEntry, realm: Option<&str>) {
        let Some(ha1) = &user.sip_ha1 else { return };
        if user.sip_password.is_some() {
            let cause = "a password is given too";
            self.error(at, "sip_ha1", cause, "keep either `sip_password` or `sip_ha1`");
        }
        if let Some(realm) = realm.filter(|realm| *realm != ha1.realm) {
            let cause = format!("it is for the realm `{}`", ha1.realm);
            let remedy = format!("hash `user:{realm}:password`: `[sip] domain` is the realm");
            self.error(at, "sip_ha1", cause, remedy);
        }
        for (key, value, digits) in [("md5", &ha1.md5, 32), ("sha256", &ha1.sha256, 64)] {
            if value.len() != digits || !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let cause = format!("`{key}` is not {digits} hex digits");
                let remedy = "both hashes of `user:realm:password` are required";
                self.error(at, "sip_ha1", cause, remedy);
            }
        }
    }

    fn email(&mut self, at: At<'_>, email: Option<&str>) {
        let good = |email: &str| {
            let parts = email.split_once('@');
            let whole = |part: &str| !part.is_empty() && !part.contains(['@', '<', '>']);
            parts.is_some_and(|(name, host)| whole(name) && whole(host))
                && !email.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if let Some(email) = email.filter(|email| !good(email)) {
            let cause = format!("`{email}` is no e-mail address");
            self.error(at, "email", cause, "write it as `name@host`, without a display name");
        }
    }

    fn mailbox(&mut self, at: At<'_>, mailbox: Option<&MailboxEntry>) {
        let Some(mailbox) = mailbox else { return };
        // The PIN itself is not repeated: problems are logged.
        let good = |pin: &String| {
            (4..=12).contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit())
        };
        if mailbox.pin.as_ref().is_some_and(|pin| !good(pin)) {
            let cause = "the PIN is not 4 to 12 digits";
            self.error(at, "voicemail", cause, "choose one that a telephone can dial");
        }
    }

    fn devices(&mut self, at: At<'_>, devices: &[Device]) {
        let mut seen = BTreeSet::new();
        for device in devices {
            let id = &*device.id;
            if id.trim().is_empty() {
                self.error(at, "devices", "a device has no id", "give it one");
            } else if !seen.insert(id) {
                let cause = format!("`{id}` is there twice");
                self.error(at, "devices", cause, "every device of a user needs its own id");
            }
            let is_known = device.instance.is_some() || device.user_agent.is_some();
            match (device.kind, &device.number) {
                (DeviceKind::Sip, Some(_)) => {
                    let cause = format!("`{id}` registers, and a number is given");
                    let remedy = "say `kind = \"number\"` for a number outside";
                    self.error(at, "devices", cause, remedy);
                }
                (DeviceKind::Sip, None) => {}
                (DeviceKind::Number, None) => {
                    let cause = format!("`{id}` is a number outside, and none is given");
                    self.error(at, "devices", cause, "give `number`");
                }
                (DeviceKind::Number, Some(number)) => {
                    self.e164(at, "devices", number);
                    if is_known {
                        let cause = format!("`{id}` is a number outside and never registers");
                        let remedy = "leave out `instance` and `user_agent`";
                        self.error(at, "devices", cause, remedy);
                    }
                }
            }
        }
    }

    fn device_reference(&mut self, at: At<'_>, key: &'static str, id: &str, devices: &[Device]) {
        if devices.iter().any(|device| *device.id == *id) {
            return;
        }
        let remedy = match nearest(id, devices.iter().map(|device| &*device.id)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "name one of the user's `devices`".to_owned(),
        };
        self.error(at, key, format!("there is no device `{id}`"), remedy);
    }

    fn inbound_route(
        &mut self,
        at: At<'_>,
        route: &InboundRoute,
        devices: &[Device],
        mailbox: Option<&MailboxEntry>,
    ) {
        let key = "inbound_route";
        let steps = route.steps.len();
        if steps > InboundRoute::STEPS {
            let cause = format!("{steps} steps are more than {}", InboundRoute::STEPS);
            self.error(at, key, cause, "leave some out");
        }
        for step in &route.steps {
            if let Some(id) = &step.device {
                self.device_reference(at, key, id, devices);
            }
            self.range(at, key, "ring_ms", step.ring_ms, 100..=LONGEST_RING_MS);
        }
        match (route.then, &route.forward_to) {
            (AfterRoute::Forward, None) => {
                let cause = "it forwards, and `forward_to` is missing";
                self.error(at, key, cause, "give the number");
            }
            (AfterRoute::Forward, Some(number)) => {
                if E164::parse(number).is_err() && !is_dialable(number) {
                    let cause = format!("`{number}` is neither an E.164 number nor a short code");
                    self.error(at, key, cause, "write it as `+`, country code and number");
                }
            }
            (AfterRoute::HangUp | AfterRoute::Voicemail, Some(_)) => {
                let cause = format!("`forward_to` is given, and it ends in `{}`", route.then);
                self.error(at, key, cause, "say `then = \"forward\"`, or leave the number out");
            }
            (AfterRoute::HangUp | AfterRoute::Voicemail, None) => {}
        }
        if route.then == AfterRoute::Voicemail {
            self.listened_to(at, key, mailbox);
        }
    }

    /// Messages that are left in a mailbox without a PIN are for the e-mail and the API only.
    pub(super) fn listened_to(
        &mut self,
        at: At<'_>,
        key: &'static str,
        mailbox: Option<&MailboxEntry>,
    ) {
        if mailbox.is_none_or(|mailbox| mailbox.pin.is_none()) {
            let cause = "messages are taken for a mailbox that nobody can listen to by telephone";
            let remedy = "give its owner `voicemail = { pin = \"…\" }`";
            self.push(Severity::Warning, at, key, cause, remedy);
        }
    }

    pub(super) fn level(&mut self, at: At<'_>, key: &'static str, skill: &str, level: u8) {
        if skill.trim().is_empty() {
            self.error(at, key, "a skill has no name", "give it one");
        }
        self.range(at, key, skill, u64::from(level), 1..=10);
    }

    pub(super) fn groups(&mut self, groups: &[GroupEntry]) {
        self.unique("groups", "id", groups.iter().map(|g| (&*g.id, &*g.id)));
        self.unique("groups", "name", groups.iter().map(|g| (&*g.id, &*g.name)));
        for group in groups {
            let at = At { section: "groups", id: &group.id };
            let mut seen = BTreeSet::new();
            for member in &group.members {
                let user = member.user();
                self.user_reference(at, "members", Some(user));
                if !seen.insert(user) {
                    let cause = format!("`{user}` is there twice");
                    self.error(at, "members", cause, "name every member once");
                }
                self.range(at, "members", "weight", u64::from(member.weight()), 1..=1_000);
            }
            if group.members.is_empty() {
                let cause = "the group has no members: its calls find nobody";
                self.push(Severity::Warning, at, "members", cause, "name its users");
            }
            if group.acd_strategy == Some(AcdStrategy::Single) {
                let remedy = "use `simulring` or `round_robin`";
                self.error(at, "acd_strategy", "`single` is for one user", remedy);
            }
            let owner = group.missed_call_owner_user_id.as_deref();
            self.user_reference(at, "missed_call_owner_user_id", owner);
            self.email(at, group.email.as_deref());
            self.mailbox(at, group.voicemail.as_ref());
            self.rules(at, &group.rules);
        }
    }

    fn rules(&mut self, at: At<'_>, rules: &AgentRules) {
        let given = [
            ("wrap_up_ms", rules.wrap_up_ms, 0..=LONGEST_WRAP_UP_MS),
            ("service_level_ms", rules.service_level_ms, 100..=LONGEST_WRAP_UP_MS),
            ("step_members", rules.step_members.map(u64::from), 1..=1_000),
            ("step_ms", rules.step_ms, 100..=LONGEST_RING_MS),
        ];
        for (what, value, range) in given {
            if let Some(value) = value {
                self.range(at, "rules", what, value, range);
            }
        }
    }
}
