//! IVRs: that each is told what its action needs and nothing that its action does not read, that
//! what it names is there, and that callers come to an end (F1, F2, F4–F6).

use std::collections::BTreeSet;

use model::directory::source::{IvrEntry, MailboxEntry, OptionsEntry};
use model::directory::{
    AcdStrategy, IvrAction, IvrTargetKind, MailboxId, Menu, Queue, SkillNeed, Spelling,
    VoicemailBox, WaitingChoice,
};

use super::{At, Check, Severity, is_dialable};

/// Callers that one queue may hold.
const LONGEST_QUEUE: u64 = 10_000;
const HOUR_MS: u64 = 3_600_000;
const MINUTE_MS: u64 = 60_000;

impl Check<'_> {
    pub(super) fn ivrs(&mut self, ivrs: &[IvrEntry]) {
        self.unique("ivrs", "id", ivrs.iter().map(|i| (&*i.id, &*i.id)));
        let names = ivrs.iter().map(|i| (&*i.id, i.name.as_deref().unwrap_or(&i.id)));
        self.unique("ivrs", "name", names);
        for ivr in ivrs {
            let at = At { section: "ivrs", id: &ivr.id };
            self.ivr_target(at, ivr);
            self.ivr_times(at, ivr);
            self.ivr_reference(at, "next_ivr_id", ivr.next_ivr_id.as_deref());
            self.ivr_needs(at, ivr);
            self.ivr_options(at, ivr.options.as_ref());
            if let Some(menu) = &ivr.menu {
                self.menu(at, menu);
            }
            if let Some(queue) = &ivr.queue {
                self.queue(at, ivr, queue);
            }
            if let Some(schedule) = &ivr.schedule {
                self.schedule(at, schedule);
            }
            if let Some(place) = &ivr.voicemail {
                self.voicemail(at, place);
            }
            if let Some(spelling) = &ivr.spelling {
                self.spelling(at, spelling);
            }
            self.user_reference(at, "record_owner_user_id", ivr.record_owner_user_id.as_deref());
            let owner = ivr.missed_call_owner_user_id.as_deref();
            self.user_reference(at, "missed_call_owner_user_id", owner);
            let owner = ivr.missed_call_owner_group_id.as_deref();
            self.group_reference(at, "missed_call_owner_group_id", owner);
        }
    }

    fn ivr_target(&mut self, at: At<'_>, ivr: &IvrEntry) {
        self.user_reference(at, "target_user_id", ivr.target_user_id.as_deref());
        self.group_reference(at, "target_group_id", ivr.target_group_id.as_deref());
        if ivr.acd_strategy == Some(AcdStrategy::Single)
            && ivr.target_kind == Some(IvrTargetKind::Group)
        {
            let remedy = "use `simulring` or `round_robin`";
            self.error(at, "acd_strategy", "`single` is for one user", remedy);
        }
        let (key, given) = match ivr.target_kind {
            None if ivr.action == IvrAction::CallTransfer => {
                let remedy = "say `user`, `group`, `record_owner`, `last_agent` or `external`";
                return self.error(at, "target_kind", "a call transfer needs a target", remedy);
            }
            None | Some(IvrTargetKind::RecordOwner | IvrTargetKind::LastAgent) => return,
            Some(IvrTargetKind::User) => ("target_user_id", ivr.target_user_id.is_some()),
            Some(IvrTargetKind::Group) => ("target_group_id", ivr.target_group_id.is_some()),
            Some(IvrTargetKind::External) => ("target_number", ivr.target_number.is_some()),
        };
        if !given {
            let cause = "it is missing, but `target_kind` asks for it";
            self.error(at, key, cause, "name the target");
        }
        let number = ivr.target_number.as_deref();
        if let Some(number) = number.filter(|number| !is_dialable(number)) {
            let cause = format!("`{number}` cannot be dialled");
            self.error(at, "target_number", cause, "write digits, `*`, `#` and separators");
        }
    }

    fn ivr_times(&mut self, at: At<'_>, ivr: &IvrEntry) {
        if let Some(ring) = ivr.attempt_ring_ms {
            self.range(at, "attempt_ring_ms", "it", ring, 100..=HOUR_MS);
        }
        if let Some(timeout) = ivr.no_answer_timeout_ms {
            self.range(at, "no_answer_timeout_ms", "it", timeout, 100..=24 * HOUR_MS);
        }
    }

    /// What the action needs is there; what it does not read is named.
    fn ivr_needs(&mut self, at: At<'_>, ivr: &IvrEntry) {
        let has_options = match &ivr.options {
            None => false,
            Some(OptionsEntry::Short(options)) => !options.is_empty(),
            Some(OptionsEntry::List(options)) => !options.is_empty(),
        };
        let parts = [
            (IvrAction::Menu, "options", has_options, "it has nothing to choose from"),
            (IvrAction::Menu, "menu", ivr.menu.is_some(), ""),
            (IvrAction::TimeRouting, "schedule", ivr.schedule.is_some(), "it has no times"),
            (IvrAction::Voicemail, "voicemail", ivr.voicemail.is_some(), "it has no mailbox"),
            (IvrAction::PlayDirectory, "spelling", ivr.spelling.is_some(), ""),
            (IvrAction::CallTransfer, "target_kind", ivr.target_kind.is_some(), ""),
            (IvrAction::CallTransfer, "queue", ivr.queue.is_some(), ""),
        ];
        for (action, key, given, lack) in parts {
            if ivr.action == action && !given && !lack.is_empty() {
                let cause = format!("a `{action}` without `{key}`: {lack}");
                self.error(at, key, cause, format!("give `{key}`"));
            }
            if ivr.action != action && given {
                let cause = format!("only a `{action}` reads it, and this is a `{}`", ivr.action);
                let remedy = format!("leave it out, or say `action = \"{action}\"`");
                self.push(Severity::Warning, at, key, cause, remedy);
            }
        }
        if ivr.action == IvrAction::PlayAndHangup && ivr.greeting_prompt.is_none() {
            let cause = "it has nothing to play: its callers are hung up on in silence";
            let remedy = "give `greeting_prompt`";
            self.push(Severity::Warning, at, "greeting_prompt", cause, remedy);
        }
    }

    fn ivr_options(&mut self, at: At<'_>, options: Option<&OptionsEntry>) {
        let options: Vec<(&str, &str)> = match options {
            None => return,
            Some(OptionsEntry::Short(options)) => {
                options.iter().map(|(digit, next)| (&**digit, &**next)).collect()
            }
            Some(OptionsEntry::List(options)) => {
                options.iter().map(|option| (&*option.digit, &*option.next_ivr_id)).collect()
            }
        };
        let mut seen = BTreeSet::new();
        for (digit, next) in options {
            if digit.len() != 1 || !digit.chars().all(is_key) {
                self.no_key(at, "options", digit);
            } else if !seen.insert(digit) {
                let cause = format!("the digit {digit} is there twice");
                self.error(at, "options", cause, "give every digit one IVR");
            }
            self.ivr_reference(at, "options", Some(next));
        }
    }

    fn no_key(&mut self, at: At<'_>, key: &'static str, digit: &str) {
        let cause = format!("`{digit}` is no key of a telephone");
        self.error(at, key, cause, "use one of 0 to 9, `*`, `#`");
    }

    fn menu(&mut self, at: At<'_>, menu: &Menu) {
        self.range(at, "menu", "timeout_ms", menu.timeout_ms, 100..=MINUTE_MS);
        self.range(at, "menu", "max_tries", u64::from(menu.max_tries), 1..=20);
        self.ivr_reference(at, "menu", menu.default_ivr_id.as_ref().map(|id| id.as_str()));
    }

    fn queue(&mut self, at: At<'_>, ivr: &IvrEntry, queue: &Queue) {
        if ivr.target_kind != Some(IvrTargetKind::Group) {
            let cause = "callers wait for members of a group, and the target is none";
            self.error(at, "queue", cause, "say `target_kind = \"group\"`");
        }
        self.range(at, "queue", "max_size", u64::from(queue.max_size), 1..=LONGEST_QUEUE);
        let every = queue.announce_every_ms;
        self.range(at, "queue", "announce_every_ms", every, 1_000..=HOUR_MS);
        self.ivr_reference(at, "queue", queue.overflow_ivr_id.as_ref().map(|id| id.as_str()));
        for (digit, choice) in &queue.options {
            if !is_key(*digit) {
                self.no_key(at, "queue", &digit.to_string());
            }
            match choice {
                WaitingChoice::Ivr(ivr) => self.ivr_reference(at, "queue", Some(ivr.as_str())),
                WaitingChoice::Callback => {}
            }
        }
        for need in &queue.skills {
            self.level(at, "queue", &need.skill, need.level);
            if need.at_least > need.level {
                let SkillNeed { skill, level, at_least, .. } = need;
                let cause = format!("`{skill}` begins at {level} and relaxes to {at_least}");
                self.error(at, "queue", cause, "let `at_least` be at most `level`");
            }
        }
        let mut searched: BTreeSet<&str> = ivr.target_group_id.as_deref().into_iter().collect();
        for also in &queue.also_groups {
            let id = also.group_id.as_str();
            self.group_reference(at, "queue", Some(id));
            if !searched.insert(id) {
                let cause = format!("the group `{id}` is searched already");
                self.error(at, "queue", cause, "name every further group once");
            }
        }
        self.mastered(at, ivr, queue);
    }

    /// A call that asks for what nobody masters waits for nothing.
    fn mastered(&mut self, at: At<'_>, ivr: &IvrEntry, queue: &Queue) {
        let also = queue.also_groups.iter().map(|also| also.group_id.as_str());
        let groups: Vec<&str> = ivr.target_group_id.as_deref().into_iter().chain(also).collect();
        for need in &queue.skills {
            let relaxes = need.relax_every_ms > 0;
            let asked = if relaxes { need.at_least } else { need.level };
            let masters = |user: &str| self.known.skill(user, &need.skill) >= asked;
            let members = groups.iter().flat_map(|group| self.known.members(group));
            if asked > 0 && !members.into_iter().any(masters) {
                let cause = format!("nobody in the group masters `{}` at {asked}", need.skill);
                let remedy = "give a member the skill, or let the need relax to 0";
                self.push(Severity::Warning, at, "queue", cause, remedy);
            }
        }
    }

    fn schedule(&mut self, at: At<'_>, schedule: &model::directory::schedule::Schedule) {
        for mistake in calendar::check(schedule) {
            self.error(at, "schedule", mistake, "correct it: calls would go where nobody meant");
        }
        let rules = schedule.rules.iter().map(|rule| &rule.ivr_id);
        let holidays = schedule.holidays.iter().map(|holiday| &holiday.ivr_id);
        for ivr in rules.chain(holidays).chain(&schedule.default_ivr_id) {
            self.ivr_reference(at, "schedule", Some(ivr.as_str()));
        }
    }

    fn voicemail(&mut self, at: At<'_>, place: &VoicemailBox) {
        let before = self.problems.len();
        let mailbox: Option<MailboxEntry> = match &place.mailbox {
            MailboxId::User(user) => {
                self.user_reference(at, "voicemail", Some(user.as_str()));
                self.known.users.get(user.as_str()).and_then(|user| user.voicemail.clone())
            }
            MailboxId::Group(group) => {
                self.group_reference(at, "voicemail", Some(group.as_str()));
                self.known.groups.get(group.as_str()).and_then(|group| group.voicemail.clone())
            }
        };
        if self.problems.len() == before {
            self.listened_to(at, "voicemail", mailbox.as_ref());
        }
        self.range(at, "voicemail", "max_ms", place.max_ms, 1_000..=HOUR_MS);
        self.range(at, "voicemail", "silence_ms", place.silence_ms, 1_000..=MINUTE_MS);
    }

    fn spelling(&mut self, at: At<'_>, spelling: &Spelling) {
        self.group_reference(at, "spelling", spelling.group_id.as_ref().map(|id| id.as_str()));
        self.range(at, "spelling", "loops", u64::from(spelling.loops), 1..=20);
        self.range(at, "spelling", "wait_ms", spelling.wait_ms, 100..=MINUTE_MS);
    }
}

/// What a menu can be told by a telephone.
fn is_key(digit: char) -> bool {
    digit.is_ascii_digit() || matches!(digit, '*' | '#')
}
