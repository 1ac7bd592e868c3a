//! Registrations across a restart: what the registrar holds becomes plain rows, and rows become
//! what it held. A binding over a connection is kept too, for people to see, but not restored: the
//! connection is gone.

use std::net::SocketAddr;
use std::sync::Arc;

use model::directory::Directory;
use model::{Millis, UserId};
use sip::flow::{Flow, TransportKind};
use sip::message::{Params, Uri};
use sip::registrar::Binding;
use store::bindings::Binding as Row;
use store::writer::WriteBehind;
use switch::Location;

/// Writes the bindings of a user behind.
pub(super) fn keep(
    location: &Location,
    directory: &Directory,
    node: &str,
    now: Millis,
    behind: &WriteBehind,
) {
    let Some(user) = directory.user_by_sip_username(&location.aor) else {
        return;
    };
    let rows = location.bindings.iter().map(|(binding, until)| Row {
        contact: binding.contact.to_string(),
        sip_call_id: binding.call_id.clone(),
        cseq: binding.cseq,
        q_milli: binding.q,
        registered_at: now,
        expires_at: *until,
        flow: flow_text(binding.flow),
        user_agent: binding.user_agent.clone(),
        path: None,
        instance_id: binding.instance.clone(),
        node: node.to_owned(),
    });
    behind.bindings(user.id.clone(), rows.collect());
}

/// The bindings that were kept, by user. A row that cannot be read is left out: its phone
/// registers again by itself.
pub(super) fn restored(rows: Vec<(UserId, Row)>, directory: &Directory) -> Vec<Location> {
    let locations = rows.into_iter().filter_map(|(user, row)| {
        let aor: Arc<str> = directory.user(&user)?.sip_username.clone();
        let binding = Binding {
            contact: Uri::parse(&row.contact).ok()?,
            params: Params::new(),
            flow: read_flow(&row.flow)?,
            expires_at: std::time::Duration::ZERO,
            q: row.q_milli,
            call_id: row.sip_call_id,
            cseq: row.cseq,
            instance: row.instance_id,
            reg_id: None,
            user_agent: row.user_agent,
        };
        Some(Location { aor, bindings: vec![(binding, row.expires_at)] })
    });
    locations.collect()
}

fn flow_text(flow: Flow) -> String {
    format!("{} {} {}", flow.transport.uri_token(), flow.local, flow.remote)
}

fn read_flow(text: &str) -> Option<Flow> {
    let mut words = text.split(' ');
    let transport = words.next()?;
    let transport = TransportKind::ALL.into_iter().find(|known| known.uri_token() == transport)?;
    let local: SocketAddr = words.next()?.parse().ok()?;
    let remote: SocketAddr = words.next()?.parse().ok()?;
    Some(Flow { transport, local, remote, connection: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_reads_back() {
        let flow = Flow {
            transport: TransportKind::Udp,
            local: "127.0.0.1:5060".parse().expect("an address"),
            remote: "[2001:db8::1]:5070".parse().expect("an address"),
            connection: 0,
        };
        assert_eq!(read_flow(&flow_text(flow)), Some(flow));
        assert_eq!(read_flow("carrier pigeon"), None);
    }
}
