//! The nouns of the domain, shared by every crate: ids, times, telephone numbers, the read-only
//! directory and the call graph. Nothing here decides anything: a verb of policy belongs to
//! `call`, `conversation` or `switch`.

pub mod agent_state;
pub mod call_graph;
pub mod client_report;
pub mod directory;
pub mod ids;
pub mod leg_quality;
mod nearest;
pub mod phone;
pub mod recording;
pub mod text_enum;
pub mod time;
pub mod voicemail;

pub use ids::{CallId, ConversationId, GroupId, IvrId, NumberId, RecordId, TrunkId, UserId};
pub use nearest::nearest;
pub use phone::E164;
pub use time::{Millis, Now};
