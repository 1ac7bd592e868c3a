//! REGISTER as a phone sends it, one message at a time, so that a test can send what a phone
//! should not: a wrong password, an old nonce, an answer twice.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use sip::auth::{Challenge, Credentials, Secret};
use sip::message::{HeaderName, Message, Method, Response};

use crate::host::{Block, DOMAIN, password};
use crate::puppet::{StreamPuppet, bind};

/// A phone that registers, over UDP or over the connection that it keeps for its calls.
pub struct Registration {
    wire: Wire,
    local: SocketAddr,
    user: String,
    cseq: u32,
}

enum Wire {
    Udp(UdpSocket),
    Tcp(StreamPuppet),
}

impl Registration {
    /// A phone at `address:5060`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn new(block: Block, address: IpAddr, user: &str) -> anyhow::Result<Self> {
        let local = SocketAddr::new(address, 5060);
        let socket = bind(local)?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        socket.connect((block.server(), 5060))?;
        Ok(Self { wire: Wire::Udp(socket), local, user: user.to_owned(), cseq: 0 })
    }

    /// A phone at the other end of a connection.
    pub fn over(puppet: StreamPuppet, user: &str) -> Self {
        let local = puppet.address();
        Self { wire: Wire::Tcp(puppet), local, user: user.to_owned(), cseq: 0 }
    }

    /// The connection, to take calls on it.
    pub fn connection(self) -> Option<StreamPuppet> {
        match self.wire {
            Wire::Udp(_) => None,
            Wire::Tcp(puppet) => Some(puppet),
        }
    }

    /// Sends a REGISTER with an Authorization, if any, and waits for its response.
    ///
    /// # Errors
    /// When there is no response.
    pub fn send(&mut self, authorization: Option<&str>) -> anyhow::Result<Response> {
        self.cseq += 1;
        let Self { local, user, cseq, wire } = self;
        let (transport, parameter) = match wire {
            Wire::Udp(_) => ("UDP", ""),
            Wire::Tcp(_) => ("TCP", ";transport=tcp"),
        };
        let authorization =
            authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        let text = format!(
            "REGISTER sip:{DOMAIN} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {local};branch=z9hG4bK-{user}-{cseq};rport\r\n\
             From: <sip:{user}@{DOMAIN}>;tag={user}\r\nTo: <sip:{user}@{DOMAIN}>\r\n\
             Call-ID: register-{user}@{local}\r\nCSeq: {cseq} REGISTER\r\n\
             Contact: <sip:{user}@{local}{parameter}>\r\nMax-Forwards: 70\r\nExpires: 600\r\n\
             {authorization}Content-Length: 0\r\n\r\n"
        );
        let bytes = match wire {
            Wire::Udp(socket) => {
                socket.send(text.as_bytes())?;
                let mut buffer = [0; 4096];
                let length = socket.recv(&mut buffer)?;
                Bytes::copy_from_slice(&buffer[..length])
            }
            Wire::Tcp(puppet) => {
                puppet.send(&text)?;
                Bytes::from(puppet.expect("SIP/2.0")?.text().to_owned())
            }
        };
        match Message::parse_datagram(bytes) {
            Ok(Message::Response(response)) => Ok(response),
            other => bail!("no response to REGISTER: {other:?}"),
        }
    }

    /// The answer to a challenge of a response; `count` is how often this nonce was used, with
    /// this time.
    ///
    /// # Errors
    /// When the response challenges nobody.
    pub fn answer(
        &self,
        response: &Response,
        password: &str,
        count: u32,
    ) -> anyhow::Result<String> {
        let challenges: Vec<Challenge> = challenges(response);
        let credentials = Credentials {
            username: self.user.clone(),
            secret: Secret::Password(password.to_owned()),
            realm: Some(DOMAIN.to_owned()),
        };
        let chosen = sip::auth::choose(&challenges, &credentials).context("a challenge")?;
        let uri = format!("sip:{DOMAIN}");
        let method = Method::Register;
        let answer = sip::auth::answer(chosen, &credentials, &method, &uri, "0a1b2c", count);
        Ok(answer.context("an answer")?.to_string())
    }
}

/// The challenges of a response.
pub fn challenges(response: &Response) -> Vec<Challenge> {
    response.headers().challenges(HeaderName::WwwAuthenticate).collect()
}

/// Registers a phone: one REGISTER, one challenge, one answer.
///
/// # Errors
/// When the server does not take it.
pub fn register(block: Block, address: IpAddr, user: &str) -> anyhow::Result<()> {
    register_by(&mut Registration::new(block, address, user)?)
}

/// The same with a phone that is there.
///
/// # Errors
/// When the server does not take it.
pub fn register_by(phone: &mut Registration) -> anyhow::Result<()> {
    let challenged = phone.send(None)?;
    let answer = phone.answer(&challenged, &password(&phone.user), 1)?;
    let accepted = phone.send(Some(&answer))?;
    ensure!(accepted.status().code() == 200, "REGISTER of {}: {accepted:?}", phone.user);
    Ok(())
}
