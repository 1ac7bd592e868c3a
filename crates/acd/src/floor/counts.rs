//! What the floor tells the statistics.

use std::time::Duration;

use model::{CallId, GroupId, Now, UserId};

use super::Floor;
use super::waiting::Stage;
use crate::agent::GroupKey;

impl Floor {
    /// A stage of a call that does not wait begins to search a group.
    pub fn offered(&mut self, group: &GroupId, call: &CallId, now: Now) {
        let key = self.group_key(group);
        self.count_offered(key, now);
        self.stage_begins(call, key, now.mono);
    }

    /// That stage is over without an answer; `caller_left`: because the caller hung up.
    pub fn unanswered(&mut self, call: &CallId, caller_left: bool, now: Now) {
        if let Some(stage) = self.stages.remove(call)
            && caller_left
        {
            let key = self.group_key(&stage.group);
            self.count_abandoned(key, now.mono.saturating_sub(stage.since), now);
        }
    }

    pub(super) fn stage_begins(&mut self, call: &CallId, group: GroupKey, since: Duration) {
        if self.stages.len() >= Self::STAGES {
            self.stages.pop_first();
        }
        let group = self.groups[group.0 as usize].id.clone();
        self.stages.insert(call.clone(), Stage { group, since });
    }

    pub(super) fn count_offered(&mut self, _group: GroupKey, _now: Now) {}

    pub(super) fn count_abandoned(&mut self, _group: GroupKey, _waited: Duration, _now: Now) {}

    pub(super) fn count_answer(
        &mut self,
        _user: &UserId,
        call: &CallId,
        _group: &GroupId,
        _now: Now,
    ) {
        self.stages.remove(call);
    }

    pub(super) fn count_talk(
        &mut self,
        _user: &UserId,
        group: &GroupId,
        time: Duration,
        _now: Now,
    ) {
        let key = self.group_key(group);
        let group = &mut self.groups[key.0 as usize];
        group.handled(time.saturating_add(group.wrap_up));
    }

    pub(super) fn count_missed(&mut self, _user: &UserId) {}
}
