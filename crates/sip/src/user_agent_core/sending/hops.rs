//! The flows that a request inside a dialog may take (RFC 3261 12.2.1.1, 18.1.1; RFC 3263).
//!
//! Guarantees that what is sent in a dialog waits its turn while the next hop is being resolved,
//! and that a peer behind a NAT or on a connection is answered there.

use std::{collections::VecDeque, time::Duration};

use crate::{
    dialog::{NextHop, WAITING_LIMIT, Waiting},
    flow::Flow,
    user_agent_core::{
        DialogId, UaOutput, UserAgentCore,
        resolve::ResolveFor,
        targets::{Hop, hop_of},
    },
};

/// Where a request inside a dialog goes.
pub(crate) enum DialogHops {
    /// To these, in turn; whether a long request may go by TCP although they are UDP.
    Flows(VecDeque<Flow>, bool),
    /// The resolver is asked.
    Wait,
}

impl UserAgentCore {
    /// The flow for an ACK; `None` while the resolver is asked: `waiting` is then called later.
    pub(crate) fn ack_flow(
        &mut self,
        now: Duration,
        dialog: DialogId,
        waiting: Waiting,
        out: &mut Vec<UaOutput>,
    ) -> Option<Flow> {
        match self.dialog_hops(now, dialog, waiting, out) {
            DialogHops::Flows(hops, _) => hops.front().copied(),
            DialogHops::Wait => None,
        }
    }

    pub(crate) fn dialog_hops(
        &mut self,
        now: Duration,
        id: DialogId,
        waiting: Waiting,
        out: &mut Vec<UaOutput>,
    ) -> DialogHops {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return DialogHops::Flows(VecDeque::new(), false);
        };
        let near = dialog.flow;
        let by_flow = DialogHops::Flows(VecDeque::from([near]), false);
        if let NextHop::Resolving(_, queue) = &mut dialog.next_hop {
            if queue.len() < WAITING_LIMIT {
                queue.push(waiting);
                return DialogHops::Wait;
            }
            return by_flow;
        }
        if dialog.pinned {
            return by_flow;
        }
        match hop_of(&dialog.routing().next_hop) {
            Hop::Unusable => by_flow,
            Hop::Address { transport, remote, explicit } => {
                // A peer who came by a connection and names no transport means that one.
                let same = !explicit && near.transport.reliable();
                if same && near.connection != 0 && near.remote.ip() == remote.ip() {
                    return by_flow;
                }
                let transport = if same { near.transport } else { transport };
                let flow = self.wording.flow_to(transport, remote, Some(near));
                DialogHops::Flows(flow.into_iter().collect(), !explicit)
            }
            Hop::Name { host, port, transport } => {
                if let NextHop::Known(targets) = &dialog.next_hop {
                    let flows = targets
                        .iter()
                        .filter_map(|(kind, remote)| {
                            self.wording.flow_to(*kind, *remote, Some(near))
                        })
                        .collect();
                    return DialogHops::Flows(flows, transport.is_none());
                }
                let asked = self.resolve(now, host, port, transport, ResolveFor::Dialog(id), out);
                match (asked, self.dialogs.get_mut(&id)) {
                    (Some(resolve), Some(dialog)) => {
                        dialog.next_hop = NextHop::Resolving(resolve, vec![waiting]);
                        DialogHops::Wait
                    }
                    (None, _) | (_, None) => by_flow,
                }
            }
        }
    }

    /// A connection failed: dialogs that used it open another one, to where their peer says.
    pub(crate) fn forget_connection(&mut self, failed: Flow) {
        if failed.connection == 0 {
            return;
        }
        for dialog in self.dialogs.values_mut() {
            if dialog.flow == failed {
                dialog.flow.connection = 0;
            }
            if let Some(unacknowledged) = &mut dialog.unacknowledged {
                unacknowledged.forget_connection(failed);
            }
        }
    }
}
