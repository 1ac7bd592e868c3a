//! From SIP statuses to the words of the rows and back: the table of model.md §4.4, D41 and D44.

use model::call_graph::words::{
    AttemptOutcome, CallOutcome, ConnectionOutcome, Direction, NoAnswerReason,
};

/// The final response that a CANCEL stands for.
pub(crate) const CANCELLED: u16 = 487;

/// How an Attempt came out whose final response was this (§4.4).
pub(crate) fn of_attempt(status: u16) -> AttemptOutcome {
    match status {
        486 | 600 => AttemptOutcome::Busy,
        603 | 607 | 608 => AttemptOutcome::Declined,
        404 | 408 | 410 | 480 | 604 => AttemptOutcome::Unavailable,
        487 => AttemptOutcome::Canceled,
        _ => AttemptOutcome::Failed,
    }
}

/// How a dial came out whose final response was this, and what `no_answer` says of it (D44).
pub(crate) fn of_dial(status: u16) -> (ConnectionOutcome, NoAnswerReason) {
    match of_attempt(status) {
        AttemptOutcome::Busy => (ConnectionOutcome::Busy, NoAnswerReason::Busy),
        AttemptOutcome::Declined => (ConnectionOutcome::Declined, NoAnswerReason::Declined),
        AttemptOutcome::Unavailable if matches!(status, 408 | 480) => {
            (ConnectionOutcome::NoAnswer, NoAnswerReason::NoAnswer)
        }
        AttemptOutcome::Unavailable => {
            (ConnectionOutcome::Unavailable, NoAnswerReason::Unavailable)
        }
        AttemptOutcome::Canceled => (ConnectionOutcome::Canceled, NoAnswerReason::Failed),
        AttemptOutcome::Failed
        | AttemptOutcome::Answered
        | AttemptOutcome::NoAnswer
        | AttemptOutcome::AnsweredElsewhere
        | AttemptOutcome::Forwarded
        | AttemptOutcome::CallerHangup => (ConnectionOutcome::Failed, NoAnswerReason::Failed),
    }
}

/// The outcome of a Connection that had exactly this one Attempt (§4.4).
pub(crate) fn of_only_attempt(outcome: AttemptOutcome) -> ConnectionOutcome {
    match outcome {
        AttemptOutcome::Busy => ConnectionOutcome::Busy,
        AttemptOutcome::Declined => ConnectionOutcome::Declined,
        AttemptOutcome::Unavailable => ConnectionOutcome::Unavailable,
        AttemptOutcome::Failed => ConnectionOutcome::Failed,
        AttemptOutcome::Answered => ConnectionOutcome::Answered,
        AttemptOutcome::NoAnswer
        | AttemptOutcome::AnsweredElsewhere
        | AttemptOutcome::Forwarded
        | AttemptOutcome::CallerHangup
        | AttemptOutcome::Canceled => ConnectionOutcome::NoAnswer,
    }
}

/// `connection.sip_status`, and what a caller gets who was never answered (D41).
pub(crate) fn status_of(outcome: ConnectionOutcome) -> u16 {
    match outcome {
        ConnectionOutcome::Answered => 200,
        ConnectionOutcome::Canceled => CANCELLED,
        ConnectionOutcome::Busy => 486,
        ConnectionOutcome::Declined => 603,
        ConnectionOutcome::NoAnswer
        | ConnectionOutcome::Unavailable
        | ConnectionOutcome::Failed => 480,
    }
}

/// `call.outcome` of a call that nobody answered (D6, D44); `None`: no Connection was opened.
pub(crate) fn of_unanswered_call(
    direction: Direction,
    connection: Option<ConnectionOutcome>,
) -> CallOutcome {
    if direction == Direction::Inbound {
        return CallOutcome::Missed;
    }
    match connection {
        Some(ConnectionOutcome::Answered) => CallOutcome::Answered,
        Some(ConnectionOutcome::NoAnswer) => CallOutcome::NoAnswer,
        Some(ConnectionOutcome::Busy) => CallOutcome::Busy,
        Some(ConnectionOutcome::Declined) => CallOutcome::Declined,
        Some(ConnectionOutcome::Canceled) => CallOutcome::Canceled,
        Some(ConnectionOutcome::Failed) => CallOutcome::Failed,
        Some(ConnectionOutcome::Unavailable) | None => match direction {
            Direction::Outbound => CallOutcome::Failed,
            Direction::Inbound | Direction::Internal => CallOutcome::NoAnswer,
        },
    }
}

/// Q.850 cause of a final response (§4.4; RFC 3398 §8.2.6.1 where that is silent).
pub(crate) fn q850_of(status: u16) -> Q850 {
    match status {
        404 | 604 => 1,
        486 | 600 => 17,
        603 | 607 | 608 => 21,
        410 => 22,
        480 => 18,
        408 | 504 => 102,
        401..=403 => 21,
        405 => 63,
        500 | 503 => 41,
        _ => 127,
    }
}

/// Q.850 cause that our own decision to stop an Attempt stands for (§4.4).
pub(crate) fn q850_of_decision(outcome: AttemptOutcome) -> Q850 {
    match outcome {
        AttemptOutcome::Answered | AttemptOutcome::Forwarded | AttemptOutcome::CallerHangup => {
            Q850_NORMAL
        }
        // Who is stopped because the caller has chosen something else has not answered either.
        AttemptOutcome::NoAnswer | AttemptOutcome::Canceled => Q850_NO_ANSWER,
        AttemptOutcome::Busy => q850_of(486),
        AttemptOutcome::Declined => q850_of(603),
        AttemptOutcome::AnsweredElsewhere => Q850_ELSEWHERE,
        AttemptOutcome::Unavailable => Q850_ABSENT,
        AttemptOutcome::Failed => Q850_TEMPORARY_FAILURE,
    }
}

/// A Q.850 cause.
pub(crate) type Q850 = u16;

/// Q.850: unallocated number.
pub(crate) const Q850_UNALLOCATED: Q850 = 1;
/// Q.850: normal call clearing.
pub(crate) const Q850_NORMAL: Q850 = 16;
/// Q.850: no answer from the user.
pub(crate) const Q850_NO_ANSWER: Q850 = 19;
/// Q.850: subscriber absent.
pub(crate) const Q850_ABSENT: Q850 = 20;
/// Q.850: non-selected user clearing.
const Q850_ELSEWHERE: Q850 = 26;
/// Q.850: temporary failure.
pub(crate) const Q850_TEMPORARY_FAILURE: Q850 = 41;

/// What came of the Attempts of one stage, for the reason of its `no_answer` (D41).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    no_answer: bool,
    declined: bool,
    busy: bool,
    unavailable: bool,
    failed: bool,
}

impl Tally {
    pub(crate) fn note(&mut self, outcome: AttemptOutcome) {
        match outcome {
            AttemptOutcome::NoAnswer => self.no_answer = true,
            AttemptOutcome::Declined => self.declined = true,
            AttemptOutcome::Busy => self.busy = true,
            AttemptOutcome::Unavailable => self.unavailable = true,
            AttemptOutcome::Failed | AttemptOutcome::Canceled => self.failed = true,
            AttemptOutcome::Answered
            | AttemptOutcome::AnsweredElsewhere
            | AttemptOutcome::Forwarded
            | AttemptOutcome::CallerHangup => {}
        }
    }

    /// Why the stage was not answered; a stage without Attempts: nobody could be rung (D43).
    pub(crate) fn reason(self) -> NoAnswerReason {
        if self.no_answer {
            NoAnswerReason::Timeout
        } else if self.declined {
            NoAnswerReason::Declined
        } else if self.busy {
            NoAnswerReason::Busy
        } else if self.unavailable || !self.failed {
            NoAnswerReason::Unavailable
        } else {
            NoAnswerReason::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_of_the_table_has_its_outcome() {
        let table = [
            (486, "busy"),
            (600, "busy"),
            (603, "declined"),
            (607, "declined"),
            (608, "declined"),
            (480, "unavailable"),
            (404, "unavailable"),
            (410, "unavailable"),
            (604, "unavailable"),
            (408, "unavailable"),
            (487, "canceled"),
            (302, "failed"),
            (488, "failed"),
            (503, "failed"),
        ];
        for (status, outcome) in table {
            assert_eq!(of_attempt(status).as_str(), outcome, "{status}");
        }
    }

    #[test]
    fn a_dial_maps_as_d44_says() {
        let table = [
            (408, "no_answer", "no_answer"),
            (480, "no_answer", "no_answer"),
            (404, "unavailable", "unavailable"),
            (410, "unavailable", "unavailable"),
            (604, "unavailable", "unavailable"),
            (486, "busy", "busy"),
            (603, "declined", "declined"),
            (500, "failed", "failed"),
        ];
        for (status, outcome, reason) in table {
            let (found, why) = of_dial(status);
            assert_eq!((found.as_str(), why.as_str()), (outcome, reason), "{status}");
        }
    }

    #[test]
    fn the_reason_of_a_stage_is_the_first_present() {
        let reason = |outcomes: &[AttemptOutcome]| {
            let mut tally = Tally::default();
            outcomes.iter().for_each(|outcome| tally.note(*outcome));
            tally.reason().as_str()
        };
        use AttemptOutcome::{Busy, Canceled, Declined, Failed, NoAnswer, Unavailable};
        assert_eq!(reason(&[Busy, NoAnswer, Declined]), "timeout");
        assert_eq!(reason(&[Busy, Declined, Unavailable]), "declined");
        assert_eq!(reason(&[Unavailable, Busy, Failed]), "busy");
        assert_eq!(reason(&[Failed, Unavailable]), "unavailable");
        assert_eq!(reason(&[Failed]), "failed");
        assert_eq!(reason(&[Canceled]), "failed");
        assert_eq!(reason(&[]), "unavailable");
    }
}
