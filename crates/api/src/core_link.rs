//! The way from the API to the core's loop, and what the API may tell it. A command waits for its
//! answer for a short time only, and a core whose queue is full is busy: nothing piles up.

use std::sync::Arc;
use std::time::Duration;

use acd::statistics::Wallboard;
use call::port::{Command, Devices, Orderer, Refusal, Standing};
use model::directory::Availability;
use model::{CallId, E164, UserId};
use tokio::sync::{mpsc, oneshot, watch};

use crate::problem::{Code, Problem};

/// How long the core may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The way to the core's loop; cheap to clone.
#[derive(Clone, Debug)]
pub struct CoreLink {
    /// What the core is told.
    pub commands: mpsc::Sender<CoreCommand>,
    /// The latest wallboard.
    pub wallboard: watch::Receiver<Arc<Wallboard>>,
}

/// What became of an order: the call that it was about, or that it began, and how that stands now;
/// or why it was refused, and how the call stands.
pub type OrderAnswer = Result<(CallId, Standing), (Refusal, Option<Box<Standing>>)>;

/// What the API tells the core.
#[derive(Debug)]
pub enum CoreCommand {
    /// A user may or may not be offered calls of groups.
    SetAvailability {
        /// Whom it is about.
        user: UserId,
        /// What he is from now on.
        availability: Availability,
        /// Why he is away.
        reason: Option<Arc<str>>,
        /// Whether the core knows him.
        reply: oneshot::Sender<bool>,
    },
    /// A voice message was listened to, or is to be deleted.
    Voicemail {
        /// What is changed.
        change: model::voicemail::VoicemailChange,
        /// Whether the core knows the message.
        reply: oneshot::Sender<bool>,
    },
    /// A call is ordered to do something.
    Order {
        /// The call.
        call: CallId,
        /// Who orders.
        by: Orderer,
        /// What.
        command: Command,
        /// What became of it.
        reply: oneshot::Sender<OrderAnswer>,
    },
    /// A call is to be made for a user: his telephone rings first.
    Originate {
        /// For whom.
        user: UserId,
        /// On which of his devices.
        devices: Devices,
        /// Whom he calls, as he would dial.
        to: Arc<str>,
        /// The Caller ID that he wishes; `None`: his default number.
        caller_id: Option<E164>,
        /// What became of it.
        reply: oneshot::Sender<OrderAnswer>,
    },
}

impl CoreLink {
    /// Tells the core and waits for its answer.
    pub(crate) async fn tell<T>(
        &self,
        command: CoreCommand,
        answer: oneshot::Receiver<T>,
    ) -> Result<T, Problem> {
        self.commands.try_send(command).map_err(|_| Problem::core_busy())?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            // It may have been done, or be done still.
            Ok(Err(_)) | Err(_) => Err(Problem::of(Code::Timeout)),
        }
    }
}
