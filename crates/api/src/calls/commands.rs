//! What may be ordered of a call, as JSON: each order is a body that becomes one
//! [`call::port::Command`]. Nothing is decided here but whether the body can be read.

use std::sync::Arc;

use call::port::{Command, RecordingWish, Supervision};
use model::UserId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::names::{GoalDto, MemberDto, devices, digits, slot};
use super::standing::SupervisionWord;
use crate::auth::Caller;
use crate::openapi::schema::Line;
use crate::problem::Problem;
use crate::request::line;

/// An order that can be read from a body.
pub(super) trait Order: DeserializeOwned + ToSchema + Send + 'static {
    /// Last part of its address.
    const NAME: &'static str;
    /// Its name in the description.
    const ID: &'static str;
    /// One line for people.
    const SUMMARY: &'static str;
    /// More, if there is more to say.
    const DESCRIPTION: &'static str = "";
    /// Whether it can be ordered without a body.
    const BARE: bool = false;

    fn example() -> Value;
    fn command(self, by: &Caller) -> Result<Command, Problem>;
}

macro_rules! orders {
    ($($(#[$doc:meta])* $name:ident $word:literal $id:literal $summary:literal
        $([$($constant:ident = $value:expr),*])?
        { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }
        $example:tt
        |$this:ident, $by:ident| $command:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name { $($(#[$field_doc])* $field: $kind,)* }

        impl Order for $name {
            const NAME: &'static str = $word;
            const ID: &'static str = $id;
            const SUMMARY: &'static str = $summary;
            $($(const $constant: orders!(@kind $constant) = $value;)*)?

            fn example() -> Value {
                json!($example)
            }

            fn command(self, $by: &Caller) -> Result<Command, Problem> {
                let $this = self;
                Ok($command)
            }
        }
    )*};
    (@kind BARE) => { bool };
    (@kind DESCRIPTION) => { &'static str };
}

/// The user who acts, as most orders name him.
macro_rules! user {
    ($this:ident, $by:ident) => {
        $by.acting("user", $this.user.as_deref())?
    };
}

orders! {
    /// `POST /calls/{id}/answer`.
    Answer "answer" "answerCall" "A telephone of the user that rings is told to answer"
    [BARE = true, DESCRIPTION = "By `Event: talk`, which the telephone must know."]
    {
        /// Whose; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
    }
    {"user": "u-ana"}
    |this, by| Command::Answer { user: user!(this, by) };

    /// `POST /calls/{id}/hang-up`.
    HangUp "hang-up" "hangUpCall" "The call is over, for everybody"
    [BARE = true]
    {}
    {}
    |_this, _by| Command::HangUp;

    /// `POST /calls/{id}/hold`.
    Hold "hold" "holdCall" "Everybody else is put on hold for the user"
    [BARE = true]
    {
        /// By whom; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
    }
    {"user": "u-ana"}
    |this, by| Command::Hold { user: user!(this, by) };

    /// `POST /calls/{id}/resume`.
    Resume "resume" "resumeCall" "And is taken off hold"
    [BARE = true]
    {
        /// By whom; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
    }
    {"user": "u-ana"}
    |this, by| Command::Resume { user: user!(this, by) };

    /// `POST /calls/{id}/transfer`.
    Transfer "transfer" "transferCall" "Cold transfer: the user leaves now"
    [DESCRIPTION = "The others are connected with whoever answers."]
    {
        /// The transferor; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
        /// To whom.
        to: GoalDto,
    }
    {"user": "u-ana", "to": {"group": "g-support"}}
    |this, by| Command::Transfer { user: user!(this, by), to: this.to.goal()? };

    /// `POST /calls/{id}/consult`.
    Consult "consult" "consult" "Warm transfer, first half: the user speaks with the target alone"
    {
        /// The transferor; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
        /// Whom he consults; no IVR.
        to: GoalDto,
    }
    {"user": "u-ana", "to": {"user": "u-ben"}}
    |this, by| Command::Consult { user: user!(this, by), to: this.to.no_ivr()? };

    /// `POST /calls/{id}/complete`.
    Complete "complete" "completeTransfer" "Warm transfer, second half: the user leaves"
    [BARE = true, DESCRIPTION = "While the target still rings it becomes a cold transfer."]
    {
        /// The transferor; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
    }
    {"user": "u-ana"}
    |this, by| Command::Complete { user: user!(this, by) };

    /// `POST /calls/{id}/abandon`.
    Abandon "abandon" "abandonTransfer" "The consultation is given up"
    [BARE = true]
    {
        /// The transferor; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
    }
    {"user": "u-ana"}
    |this, by| Command::Abandon { user: user!(this, by) };

    /// `POST /calls/{id}/swap`.
    Swap "swap" "swapConsultation" "The user speaks with the other side of his consultation"
    [BARE = true]
    {
        /// The transferor; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
    }
    {"user": "u-ana"}
    |this, by| Command::Swap { user: user!(this, by) };

    /// `POST /calls/{id}/merge`.
    Merge "merge" "mergeConsultation" "The consultation becomes a conference of all"
    [BARE = true]
    {
        /// The transferor; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
    }
    {"user": "u-ana"}
    |this, by| Command::Merge { user: user!(this, by) };

    /// `POST /calls/{id}/add`.
    Add "add" "addParty" "Somebody more is rung and joins when he answers"
    {
        /// Who adds him; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
        /// Whom; no IVR.
        to: GoalDto,
    }
    {"user": "u-ana", "to": {"number": "+15557770002"}}
    |this, by| Command::Add { user: user!(this, by), to: this.to.no_ivr()? };

    /// `POST /calls/{id}/remove`.
    Remove "remove" "removeParty" "One party leaves"
    [DESCRIPTION = "The call goes on if two are left, or one and somebody rings for him."]
    {
        /// Who.
        member: MemberDto,
    }
    {"member": {"leg": "c2"}}
    |this, _by| Command::Remove { member: this.member.member()? };

    /// `POST /calls/{id}/mute`.
    Mute "mute" "muteParty" "A party's microphone is shut"
    {
        /// Whose.
        member: MemberDto,
    }
    {"member": {"user": "u-ana"}}
    |this, _by| Command::Mute { member: this.member.member()?, muted: true };

    /// `POST /calls/{id}/unmute`.
    Unmute "unmute" "unmuteParty" "A party's microphone is opened again"
    {
        /// Whose.
        member: MemberDto,
    }
    {"member": {"user": "u-ana"}}
    |this, _by| Command::Mute { member: this.member.member()?, muted: false };

    /// `POST /calls/{id}/digits`.
    Digits "digits" "sendDigits" "Digits are pressed towards a party"
    {
        /// Who hears them.
        member: MemberDto,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        #[schema(pattern = "^[0-9*#A-D]{1,64}$")]
        digits: String,
    }
    {"member": {"leg": "anchor"}, "digits": "1234#"}
    |this, _by| Command::SendDigits {
        member: this.member.member()?,
        digits: digits(&this.digits)?,
    };

    /// `POST /calls/{id}/play`.
    Play "play" "playSound" "A sound is played, once, before what they hear"
    {
        /// Who hears it; everybody where it is left out.
        #[serde(default)]
        member: Option<MemberDto>,
        /// As in the directory: a file, `tone:…`, `music:…`, or a text.
        #[schema(value_type = Line)]
        sound: String,
    }
    {"sound": "tone:beep"}
    |this, _by| Command::Play {
        member: this.member.as_ref().map(MemberDto::member).transpose()?,
        sound: Arc::from(line("sound", &this.sound)?),
    };

    /// `POST /calls/{id}/stop-play`.
    StopPlay "stop-play" "stopSound" "What is played is over"
    [BARE = true]
    {}
    {}
    |_this, _by| Command::StopPlay;

    /// `POST /calls/{id}/record`.
    Record "record" "recordCall" "Recording begins, pauses, goes on or ends"
    {
        /// What.
        action: Recording,
    }
    {"action": "start"}
    |this, _by| Command::Record(match this.action {
        Recording::Start => RecordingWish::Start,
        Recording::Pause => RecordingWish::Pause,
        Recording::Resume => RecordingWish::Resume,
        Recording::Stop => RecordingWish::Stop,
    });

    /// `POST /calls/{id}/park`.
    Park "park" "parkCall" "The user leaves, the other party waits until somebody fetches it"
    [BARE = true]
    {
        /// Who parks; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
        /// In which slot, as people dial it; the first that is free where it is left out.
        #[serde(default)]
        #[schema(pattern = "^[0-9*#]{1,16}$")]
        slot: Option<String>,
    }
    {"user": "u-ana", "slot": "71"}
    |this, by| Command::Park { user: user!(this, by), slot: slot(this.slot.as_deref())? };

    /// `POST /calls/{id}/move`.
    Move "move" "moveCall" "Another of the user's devices rings, and takes over when it answers"
    [BARE = true]
    {
        /// Whose; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
        /// Which of his devices; all where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        device: Option<String>,
    }
    {"user": "u-ana", "device": "mobile"}
    |this, by| Command::Move {
        user: user!(this, by),
        device: devices(this.device.as_deref())?,
    };

    /// `POST /calls/{id}/supervise`.
    Supervise "supervise" "superviseCall" "A supervisor listens, whispers or takes part"
    [DESCRIPTION = "He is rung; if he is on the call already, how he is there changes."]
    {
        /// The supervisor; with a user's key he himself where it is left out.
        #[serde(default)]
        #[schema(value_type = Option<Line>)]
        user: Option<String>,
        /// The user whom he supervises.
        #[schema(value_type = Line)]
        of: String,
        /// How.
        #[schema(value_type = SupervisionWord)]
        how: How,
    }
    {"user": "u-own", "of": "u-ana", "how": "listen"}
    |this, by| Command::Supervise {
        by: user!(this, by),
        of: UserId::from(line("of", &this.of)?),
        how: match this.how {
            How::Listen => Supervision::Listen,
            How::Whisper => Supervision::Whisper,
            How::Barge => Supervision::Barge,
        },
    };
}

/// What recording does.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordingAction)]
pub(super) enum Recording {
    Start,
    Pause,
    Resume,
    Stop,
}

/// How to supervise.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    Listen,
    Whisper,
    Barge,
}
