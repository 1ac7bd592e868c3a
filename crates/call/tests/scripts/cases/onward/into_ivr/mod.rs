//! A party of a call is handed on to an IVR, and goes through it as a caller would (D48); and to a
//! mailbox, because nobody answers a transfer.

mod answers;
mod ends;
mod mailboxes;
mod queues;
mod refusals;

use call::Unanswered;

use crate::directory::directory;
use crate::script::check_in;
use crate::world::World;

/// What follows who is handed on: an IVR for one user, one that says good bye, a menu, a queue, and
/// a mailbox.
const HOUSE: &str = r#"{
    "users": [
      {"id": "u-vic", "display_name": "Vic Voice", "sip_username": "vic", "voicemail": {},
        "forward": {"no_answer": "voicemail"}},
      {"id": "u-fay", "display_name": "Fay Far", "sip_username": "fay",
        "forward": {"always": "+15550200001"}},
      {"id": "u-bas", "display_name": "Bas Back", "sip_username": "bas",
        "forward": {"busy": "u-ana", "no_answer": "u-ben"}}],
    "ivrs": [
      {"id": "ivr-eve", "action": "call_transfer", "target_kind": "user", "target_user_id": "u-eve"},
      {"id": "ivr-bye", "action": "play_and_hangup", "greeting_prompt": "Good bye."},
      {"id": "ivr-ask", "action": "menu", "greeting_prompt": "Press 1.", "menu": {"max_tries": 1},
        "options": {"1": "ivr-eve"}},
      {"id": "ivr-queue", "action": "call_transfer", "target_kind": "group",
        "target_group_id": "g-ovf", "queue": {"options": {"0": {"ivr": "ivr-box"}, "*": "callback"}}},
      {"id": "ivr-box", "action": "voicemail", "voicemail": {"mailbox": {"user": "u-vic"}}}],
    "numbers": [
      {"id": "n-queue", "e164": "+15550700020", "assigned_group_id": "g-ovf",
        "ivr_id": "ivr-queue"}]
}"#;

fn world() -> World {
    World::new(directory(HOUSE))
}

fn check(script: &str) -> String {
    check_in(world(), script)
}

fn when(unanswered: Unanswered) -> World {
    let mut world = world();
    world.settings.transfer.unanswered = unanswered;
    world
}
