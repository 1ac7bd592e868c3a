//! One structured line for each change of state that a support person wants to see. No number
//! and no name at INFO: those are personal, and in the database.

use model::call_graph::{CallEvent, Recorded};

/// Logs an event of a call, if it is such a change.
pub(crate) fn state_change(recorded: &Recorded) {
    let call = recorded.call.as_str();
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is detail")]
    match &recorded.event {
        CallEvent::Started(started) => tracing::info!(
            call,
            direction = started.direction.as_str(),
            sip_call_id = started.sip_call_id.as_deref(),
            trunk = started.trunk.as_deref(),
            "call started"
        ),
        CallEvent::IvrEntered { ivr, .. } => tracing::info!(call, %ivr, "ivr entered"),
        CallEvent::RoutingStarted { connection, strategy, .. } => {
            tracing::info!(call, connection, strategy = strategy.as_str(), "routing started");
        }
        CallEvent::AttemptEnded { connection, attempt, outcome, sip_status } => tracing::info!(
            call,
            connection,
            attempt,
            outcome = outcome.as_str(),
            sip_status,
            "attempt ended"
        ),
        CallEvent::Answered { connection, attempt, .. } => {
            tracing::info!(call, connection, attempt, "answered");
        }
        CallEvent::Held { .. } => tracing::info!(call, "held"),
        CallEvent::Resumed { .. } => tracing::info!(call, "resumed"),
        CallEvent::MediaTimedOut { connection, seconds } => {
            tracing::warn!(call, connection, seconds, "no RTP");
        }
        // Not even in detail: digits are card numbers and passwords.
        CallEvent::DigitPressed { .. } => tracing::debug!(call, "digit pressed"),
        CallEvent::QualityRaised { connection, stream, metric, severity, worst, .. } => {
            tracing::warn!(
                call,
                connection,
                stream = stream.as_str(),
                metric = metric.as_str(),
                severity = severity.as_str(),
                worst,
                "bad audio"
            );
        }
        CallEvent::Ended(ended) => tracing::info!(
            call,
            outcome = ended.outcome.as_str(),
            by = ended.by.as_str(),
            sip_status = ended.sip_status,
            "call ended"
        ),
        _ => tracing::debug!(call, event = ?recorded.event, "recorded"),
    }
}
