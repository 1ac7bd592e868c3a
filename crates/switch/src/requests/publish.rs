//! PUBLISH of a telephone's own report of a call's quality (RFC 3903, RFC 6035): from users, who
//! are challenged as for REGISTER, and from trunks. Nothing is kept as a state, so every report
//! gets a tag of its own and none can be refreshed.

use std::sync::Arc;

use model::client_report::ClientReport;
use model::{Now, UserId};
use rtp::quality::vq_report::{self, VqKind, VqReport};
use sip::flow::Flow;
use sip::message::{HeaderName, Request};
use sip::user_agent_core::{ExtraHeader, ServerRequestId};

use super::registration::Unverified;
use super::routes::{self, Origin};
use crate::port::Effect;
use crate::switch::Switch;

const EVENT: &str = "vq-rtcpxr";
const CONTENT: &str = "application/vq-rtcpxr";

/// For how long we say that we keep a report as an event, s.
const LONGEST_S: u32 = 3_600;
/// Reports in one second; more get 503.
pub(crate) const REPORTS_PER_S: u32 = 1_000;

impl Switch {
    pub(crate) fn publish(
        &mut self,
        now: Now,
        id: ServerRequestId,
        flow: Flow,
        request: &Request,
        effects: &mut Vec<Effect>,
    ) {
        let (status, headers) = match self.published(now, flow, request, effects) {
            Ok(headers) => (200, headers),
            Err(refusal) => refusal,
        };
        self.ua.respond(now.mono, id, status, &headers, None, &mut self.ua_out);
    }

    fn published(
        &mut self,
        now: Now,
        flow: Flow,
        request: &Request,
        effects: &mut Vec<Effect>,
    ) -> Result<Vec<ExtraHeader>, (u16, Vec<ExtraHeader>)> {
        let user = self.publisher(now, flow, request)?;
        let headers = request.headers();
        let event = headers.text(HeaderName::Event).unwrap_or_default();
        let event = event.split(';').next().unwrap_or_default().trim();
        if !event.eq_ignore_ascii_case(EVENT) {
            return Err((489, vec![(HeaderName::AllowEvents, EVENT.to_owned())]));
        }
        if headers.contains(HeaderName::SipIfMatch) {
            return Err((412, Vec::new()));
        }
        if headers.content_type().is_none_or(|kind| kind != CONTENT) {
            return Err((415, vec![(HeaderName::Accept, CONTENT.to_owned())]));
        }
        let body = request.body();
        let report = vq_report::parse(body).map_err(|error| {
            let text = self.warning(399, &error.to_string());
            (400, vec![(HeaderName::Warning, text)])
        })?;
        if !self.reports.admit(now.mono, REPORTS_PER_S) {
            self.counters.count_overload("report rate");
            let retry = self.config.sip.retry_after_s.to_string();
            return Err((503, vec![(HeaderName::RetryAfter, retry)]));
        }
        let body = String::from_utf8_lossy(body);
        effects.push(Effect::ClientReport(Box::new(self.client_report(now, user, report, &body))));
        let expires = headers.expires().ok().flatten().unwrap_or(LONGEST_S).min(LONGEST_S);
        Ok(vec![
            (HeaderName::SipEtag, format!("{:016x}", self.random.number())),
            (HeaderName::Expires, expires.to_string()),
        ])
    }

    /// The user who publishes; `None`: a trunk does.
    fn publisher(
        &mut self,
        now: Now,
        flow: Flow,
        request: &Request,
    ) -> Result<Option<UserId>, (u16, Vec<ExtraHeader>)> {
        let directory = self.directory.clone();
        let user = match routes::origin(&self.config, &directory, flow, request) {
            Origin::Trunk(_) => return Ok(None),
            Origin::User(user) => Some(user),
            Origin::Stranger => None,
        };
        match (self.verify(now.mono, request), user) {
            (Ok(name), Some(user)) if *name == *user.sip_username => Ok(Some(user.id.clone())),
            (Ok(_), _) => Err((403, Vec::new())),
            (Err(Unverified { status, headers }), _) => Err((status, headers)),
        }
    }

    fn client_report(
        &self,
        now: Now,
        user: Option<UserId>,
        report: VqReport,
        body: &str,
    ) -> ClientReport {
        let kind = match report.kind {
            VqKind::Session => "session",
            VqKind::Interval => "interval",
            VqKind::Alert => "alert",
        };
        let sip_call_id: Arc<str> = report.sip_call_id.unwrap_or_default().into();
        let local = report.local.unwrap_or_default();
        ClientReport {
            call: self.legs.sip_call_ids.call(&sip_call_id).cloned(),
            sip_call_id,
            user,
            at: now.wall,
            kind: kind.into(),
            loss_percent: local.loss_percent,
            discard_percent: local.discard_percent,
            jitter_ms: local.jitter_ms,
            rtt_ms: local.round_trip_ms,
            mos_lq: local.mos_lq,
            mos_cq: local.mos_cq,
            body: body.into(),
        }
    }
}
