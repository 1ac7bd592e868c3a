//! Names that are being resolved (RFC 3263): who waits, and how many.
//!
//! Guarantees that a dialog's messages leave in order once its next hop is known, and that a
//! resolver that never answers holds nothing for longer than 64*T1.

use std::{net::SocketAddr, time::Duration};

use super::{
    Owner, UserAgentCore,
    events::UaOutput,
    ids::{DialogId, OutInviteId, ResolveId},
};
use crate::{
    dialog::{NextHop, Waiting},
    flow::TransportKind,
};

/// A name that is being resolved.
#[derive(Debug)]
pub(super) struct Resolving {
    wanted: ResolveFor,
    deadline: Duration,
}

/// Who waits for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResolveFor {
    /// A request outside dialogs.
    Sending(u64),
    /// A dialog, with its queue.
    Dialog(DialogId),
}

impl UserAgentCore {
    /// Asks the resolver; `None` when too many names are being asked already.
    pub(super) fn resolve(
        &mut self,
        now: Duration,
        host: String,
        port: Option<u16>,
        transport: Option<TransportKind>,
        wanted: ResolveFor,
        out: &mut Vec<UaOutput>,
    ) -> Option<ResolveId> {
        if self.resolves.len() >= self.config.limits.pending_resolves {
            return None;
        }
        let id = ResolveId(self.fresh_id());
        let deadline = now + self.config.timers.timeout();
        self.resolves.insert(id, Resolving { wanted, deadline });
        self.queue.reschedule(Owner::Resolve(id), None, Some(deadline));
        out.push(UaOutput::Resolve { id, host, port, transport });
        Some(id)
    }

    /// The answer came, or its time is over.
    pub(super) fn finish_resolve(
        &mut self,
        now: Duration,
        id: ResolveId,
        targets: Vec<(TransportKind, SocketAddr)>,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(resolving) = self.resolves.remove(&id) else {
            return;
        };
        self.queue.reschedule(Owner::Resolve(id), Some(resolving.deadline), None);
        match resolving.wanted {
            ResolveFor::Sending(sending) => self.resume(now, sending, &targets, None, out),
            ResolveFor::Dialog(dialog) => self.resume_dialog(now, dialog, targets, out),
        }
    }

    fn resume_dialog(
        &mut self,
        now: Duration,
        id: DialogId,
        targets: Vec<(TransportKind, SocketAddr)>,
        out: &mut Vec<UaOutput>,
    ) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let near = dialog.flow;
        let known =
            if targets.is_empty() { NextHop::Unknown } else { NextHop::Known(targets.clone()) };
        let NextHop::Resolving(_, waiting) = std::mem::replace(&mut dialog.next_hop, known) else {
            return;
        };
        for waiting in waiting {
            match waiting {
                Waiting::Sending(sending) => {
                    self.resume(now, sending, &targets, Some(near), out);
                }
                Waiting::Ack(invite) => {
                    let first = targets.first().and_then(|(transport, remote)| {
                        self.wording.flow_to(*transport, *remote, Some(near))
                    });
                    self.send_waiting_ack(OutInviteId(invite), id, first.unwrap_or(near), out);
                }
            }
        }
    }

    /// Nobody waits for this name any more.
    pub(super) fn forget_resolve(&mut self, id: ResolveId) {
        if let Some(resolving) = self.resolves.remove(&id) {
            self.queue.reschedule(Owner::Resolve(id), Some(resolving.deadline), None);
        }
    }
}
