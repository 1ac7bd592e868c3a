//! A request of ours before it is sent: everything but the Via, which depends on the flow.
//!
//! Guarantees that another try (next address, TCP to UDP, a challenge answered) changes only what
//! it has to: the branch, and for a challenge CSeq and the credentials.

use std::net::SocketAddr;

use super::{
    config::{LocalAddress, UaConfig},
    events::{ExtraHeader, Party},
};
use crate::{
    flow::{Flow, TransportKind},
    message::{Body, Method},
    transaction::{RequestParts, RequestWriter, SentRequest, Token},
};

/// The parts of a request that stay the same from try to try.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) method: Method,
    pub(crate) request_uri: String,
    /// The From value with our tag.
    pub(crate) from: String,
    /// The To value, with the peer's tag inside a dialog.
    pub(crate) to: String,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    pub(crate) max_forwards: u8,
    pub(crate) contact: ContactLine,
    pub(crate) routes: Vec<Box<str>>,
    pub(crate) headers: Vec<ExtraHeader>,
    /// Authorization and Proxy-Authorization, names and values.
    pub(crate) authorization: Vec<(&'static str, String)>,
    pub(crate) body: Option<Body>,
}

/// What a request says in Contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContactLine {
    /// No Contact header.
    None,
    /// Our address on the flow the request leaves by.
    Own,
    /// This URI.
    Uri(Box<str>),
    /// This whole value.
    Value(String),
}

impl Draft {
    /// Writes the request for a flow; `None` when we have no address of that transport.
    pub(crate) fn write(&self, config: &Wording, flow: Flow, branch: Token) -> Option<SentRequest> {
        let sent_by = config.sent_by(flow)?;
        let mut writer = RequestWriter::new(&RequestParts {
            method: &self.method,
            uri: &self.request_uri,
            transport: flow.transport,
            sent_by,
            branch,
            routes: &self.routes,
            from: &self.from,
            to: &self.to,
            call_id: &self.call_id,
            cseq: self.cseq,
            max_forwards: self.max_forwards,
        });
        match &self.contact {
            ContactLine::None => {}
            ContactLine::Own => writer.header("Contact", config.own_contact(flow)?),
            ContactLine::Uri(uri) => writer.header("Contact", &format!("<{uri}>")),
            ContactLine::Value(value) => writer.header("Contact", value),
        }
        for (name, value) in &self.authorization {
            writer.header(name, value);
        }
        if tells_abilities(&self.method) {
            writer.lines(&config.abilities);
        }
        writer.lines(&config.user_agent);
        for (name, value) in &self.headers {
            writer.header(name.as_str(), value);
        }
        let body = self.body.as_ref();
        Some(writer.finish(body.map(|body| (&*body.content_type, &body.bytes[..]))))
    }
}

/// Allow and Supported belong into requests that begin something (RFC 3261 table 2).
fn tells_abilities(method: &Method) -> bool {
    matches!(method, Method::Invite | Method::Options | Method::Register | Method::Subscribe)
}

/// The lines that every message of ours repeats, made once.
#[derive(Debug)]
pub(crate) struct Wording {
    local: Vec<Local>,
    /// `Allow`, `Supported` and `Allow-Events` lines.
    pub(crate) abilities: String,
    /// The User-Agent line of requests, or nothing.
    pub(crate) user_agent: String,
    /// The Server line of responses, or nothing.
    pub(crate) server: String,
}

/// An address of ours, and the Contact that names it.
#[derive(Debug)]
struct Local {
    address: LocalAddress,
    contact: String,
}

impl Local {
    fn new(address: &LocalAddress) -> Local {
        let advertised = &address.advertised;
        let contact = if address.transport == TransportKind::Udp {
            format!("<sip:{advertised}>")
        } else {
            format!("<sip:{advertised};transport={}>", address.transport.uri_token())
        };
        Local { address: address.clone(), contact }
    }
}

impl Wording {
    /// Puts the configuration into words.
    pub(crate) fn new(config: &UaConfig) -> Wording {
        let allow: Vec<&str> = config.allow.iter().map(Method::as_str).collect();
        let allow = allow.join(", ");
        let supported = config.supported.join(", ");
        let mut abilities = format!("Allow: {allow}\r\n");
        if !supported.is_empty() {
            abilities.push_str(&format!("Supported: {supported}\r\n"));
        }
        if !config.allow_events.is_empty() {
            let events = config.allow_events.join(", ");
            abilities.push_str(&format!("Allow-Events: {events}\r\n"));
        }
        let clean: String = config.user_agent.chars().filter(|c| !c.is_control()).collect();
        let user_agent =
            if clean.is_empty() { String::new() } else { format!("User-Agent: {clean}\r\n") };
        let server = user_agent.replace("User-Agent", "Server");
        Wording {
            local: config.local.iter().map(Local::new).collect(),
            abilities,
            user_agent,
            server,
        }
    }

    /// What Via names for a message that leaves by this flow.
    pub(crate) fn sent_by(&self, flow: Flow) -> Option<&str> {
        self.local_of(flow).map(|local| &*local.address.advertised)
    }

    /// Our Contact for a dialog on this flow.
    pub(crate) fn own_contact(&self, flow: Flow) -> Option<&str> {
        self.local_of(flow).map(|local| &*local.contact)
    }

    fn local_of(&self, flow: Flow) -> Option<&Local> {
        let same = |local: &&Local| local.address.transport == flow.transport;
        let exact = self.local.iter().filter(same).find(|it| it.address.bind == flow.local);
        let family = |local: &&Local| local.address.bind.is_ipv4() == flow.remote.is_ipv4();
        exact.or_else(|| self.local.iter().filter(same).find(family))
    }

    /// A flow to an address that was not heard of before; `None` when we have no socket for it.
    pub(crate) fn flow_to(
        &self,
        transport: TransportKind,
        remote: SocketAddr,
        near: Option<Flow>,
    ) -> Option<Flow> {
        if let Some(near) = near
            && near.transport == transport
        {
            if near.remote == remote {
                return Some(near);
            }
            if near.local.is_ipv4() == remote.is_ipv4() && transport == TransportKind::Udp {
                return Some(Flow { remote, connection: 0, ..near });
            }
        }
        let found = self.local.iter().map(|local| &local.address).find(|local| {
            local.transport == transport && local.bind.is_ipv4() == remote.is_ipv4()
        })?;
        Some(Flow { transport, local: found.bind, remote, connection: 0 })
    }
}

/// A party as a header value, with our tag when one is given.
pub(crate) fn party_value(party: &Party, tag: Option<Token>) -> String {
    let mut value = String::with_capacity(64);
    if let Some(display) = &party.display {
        value.push('"');
        for c in display.chars() {
            if matches!(c, '"' | '\\') {
                value.push('\\');
            }
            value.push(if c.is_control() { ' ' } else { c });
        }
        value.push_str("\" ");
    }
    value.push('<');
    value.extend(party.uri.chars().filter(|c| !matches!(c, '<' | '>') && !c.is_control()));
    value.push('>');
    if let Some(tag) = tag {
        value.push_str(&format!(";tag={tag}"));
    }
    value
}
