//! Callers wait for a member of a group (F4): order, what they hear, how they leave, and that
//! whoever is rung for them is rung for nobody else. Named cases carry the thread in which others
//! were told of the defect.

mod callbacks;
mod leaving;
mod offering;
mod regressions;

use crate::directory::directory;
use crate::script::{check_in, explained_in, orders_in};
use crate::world::World;

/// +1555040000…1: one after the other, 10 s an attempt, two minutes; 2: all at once; 3: skills, a
/// second group after 30 s; 4: at most one caller, who leaves when nobody is there.
const QUEUES: &str = r#"{
    "users": [
      {"id": "u-pia", "display_name": "Pia Polyglot", "sip_username": "pia",
        "skills": {"french": 6}},
      {"id": "u-kim", "display_name": "Kim Second", "sip_username": "kim",
        "skills": {"french": 5}}],
    "groups": [
      {"id": "g-turn", "name": "In turn", "members": ["u-ana", "u-ben"],
        "acd_strategy": "round_robin", "music_on_hold": "music:calm"},
      {"id": "g-all", "name": "All at once", "members": ["u-ana", "u-ben", "u-cat"],
        "acd_strategy": "simulring"},
      {"id": "g-lang", "name": "Languages", "members": ["u-ana", "u-pia"],
        "acd_strategy": "skills"},
      {"id": "g-second", "name": "Second line", "members": ["u-kim"]},
      {"id": "g-step", "name": "By and by", "members": ["u-ana", "u-ben", "u-cat"],
        "acd_strategy": "progressive_simulring", "rules": {"step_members": 1, "step_ms": 5000}}],
    "ivrs": [
      {"id": "ivr-turn", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-turn", "attempt_ring_ms": 10000, "no_answer_timeout_ms": 120000,
        "next_ivr_id": "ivr-bye",
        "queue": {"say_position": true, "say_wait": true, "message": "Thank you for waiting.",
          "menu_prompt": "Press 0 to leave.", "options": {"0": {"ivr": "ivr-bye"},
            "9": "callback"}}},
      {"id": "ivr-all", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-all", "attempt_ring_ms": 20000, "queue": {}},
      {"id": "ivr-vip", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-all", "attempt_ring_ms": 20000, "queue": {"priority": 5}},
      {"id": "ivr-lang", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-lang",
        "queue": {"skills": [{"skill": "french", "level": 8, "relax_every_ms": 10000,
            "at_least": 5}],
          "also_groups": [{"group_id": "g-second", "after_ms": 30000}]}},
      {"id": "ivr-one", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-turn", "next_ivr_id": "ivr-bye",
        "queue": {"max_size": 1, "leave_when_empty": true, "overflow_ivr_id": "ivr-full"}},
      {"id": "ivr-laps", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-turn", "attempt_ring_ms": 5000, "max_rounds": 1, "queue": {}},
      {"id": "ivr-step", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-step", "queue": {}},
      {"id": "ivr-bye", "action": "play_and_hangup", "greeting_prompt": "Goodbye."},
      {"id": "ivr-full", "action": "play_and_hangup", "greeting_prompt": "All lines are busy."}],
    "numbers": [
      {"id": "n-turn", "e164": "+15550400001", "assigned_group_id": "g-turn", "ivr_id": "ivr-turn",
        "missed_call_owner_user_id": "u-mia"},
      {"id": "n-all", "e164": "+15550400002", "assigned_group_id": "g-all", "ivr_id": "ivr-all",
        "missed_call_owner_user_id": "u-mia"},
      {"id": "n-lang", "e164": "+15550400003", "assigned_group_id": "g-lang",
        "ivr_id": "ivr-lang"},
      {"id": "n-one", "e164": "+15550400004", "assigned_group_id": "g-turn",
        "ivr_id": "ivr-one", "is_default": false},
      {"id": "n-laps", "e164": "+15550400005", "assigned_group_id": "g-turn",
        "ivr_id": "ivr-laps", "is_default": false},
      {"id": "n-vip", "e164": "+15550400006", "assigned_group_id": "g-all",
        "ivr_id": "ivr-vip", "is_default": false},
      {"id": "n-step", "e164": "+15550400007", "assigned_group_id": "g-step",
        "ivr_id": "ivr-step"}]
}"#;

fn world() -> World {
    World::new(directory(QUEUES))
}

pub(crate) fn check(script: &str) -> String {
    check_in(world(), script)
}

fn orders(script: &str) -> String {
    orders_in(world(), script)
}

fn explained(script: &str) -> String {
    explained_in(world(), script)
}
