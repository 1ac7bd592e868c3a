//! A phone that the test moves itself, message by message, for what SIPp cannot do: two phones
//! that answer in one instant, a message that no phone would send. It reads with as little as it
//! needs, and not with the server's parser.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::host::Block;

/// How long it waits for a message.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest datagram.
const LONGEST: usize = 65_535;

/// A socket and where the server is.
pub struct Puppet {
    socket: UdpSocket,
    address: SocketAddr,
    server: SocketAddr,
}

/// A puppet at the end of a connection that it opened itself.
pub struct StreamPuppet {
    stream: TcpStream,
    address: SocketAddr,
    read: Vec<u8>,
}

/// A socket of this address. Another test may be starting a process just now, which has every open
/// socket for an instant, also the one that has just been closed here.
///
/// # Errors
/// When somebody else keeps it.
pub(crate) fn bind(address: SocketAddr) -> anyhow::Result<UdpSocket> {
    let mut tries = 0;
    loop {
        match UdpSocket::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && tries < 100 => tries += 1,
            other => return other.with_context(|| address.to_string()),
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

impl StreamPuppet {
    /// Connects to the server.
    ///
    /// # Errors
    /// When it does not take the connection.
    pub fn connect(block: Block) -> anyhow::Result<Self> {
        let server = SocketAddr::new(block.server(), 5060);
        let stream = TcpStream::connect_timeout(&server, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let address = stream.local_addr()?;
        Ok(Self { stream, address, read: Vec::new() })
    }

    /// Its end of the connection.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn send(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(self.stream.write_all(text.as_bytes())?)
    }

    /// The next message of which `what` is the beginning; others before it are passed over.
    ///
    /// # Errors
    /// When it does not come.
    pub fn expect(&mut self, what: &str) -> anyhow::Result<Heard> {
        loop {
            let heard = self.next()?;
            if heard.0.starts_with(what) {
                return Ok(heard);
            }
        }
    }

    fn next(&mut self) -> anyhow::Result<Heard> {
        loop {
            let text = String::from_utf8_lossy(&self.read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length: usize = Heard(text.clone()).header("Content-Length")?.parse()?;
                if body.len() >= length {
                    let end = head.len() + 4 + length;
                    self.read.drain(..end);
                    return Ok(Heard(text[..end].to_owned()));
                }
            }
            let mut buffer = [0; 4096];
            let count = self.stream.read(&mut buffer)?;
            ensure!(count > 0, "the server hung up the connection");
            self.read.extend_from_slice(&buffer[..count]);
        }
    }
}

/// A message that a puppet got.
pub struct Heard(String);

impl Puppet {
    /// A puppet at `address:port`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn new(block: Block, address: IpAddr, port: u16) -> anyhow::Result<Self> {
        let address = SocketAddr::new(address, port);
        let socket = bind(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { socket, address, server: SocketAddr::new(block.server(), 5060) })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends bytes to the server.
    ///
    /// # Errors
    /// When the system does not take them.
    pub fn send(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.socket.send_to(bytes, self.server)?;
        Ok(())
    }

    /// Sends bytes to some port of the server.
    ///
    /// # Errors
    /// When the system does not take them.
    pub fn send_to(&self, bytes: &[u8], port: u16) -> anyhow::Result<()> {
        self.socket.send_to(bytes, SocketAddr::new(self.server.ip(), port))?;
        Ok(())
    }

    /// The next datagram, whatever it is, with the port it came from; `None` when none comes
    /// within `limit`.
    ///
    /// # Errors
    /// When the socket fails.
    pub fn datagram(&self, limit: Duration) -> anyhow::Result<Option<(Vec<u8>, u16)>> {
        self.socket.set_read_timeout(Some(limit))?;
        let mut buffer = vec![0; LONGEST];
        match self.socket.recv_from(&mut buffer) {
            Ok((length, from)) => Ok(Some((buffer[..length].to_vec(), from.port()))),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The next message; `None` when none comes within `limit`.
    ///
    /// # Errors
    /// When the socket fails.
    pub fn next(&self, limit: Duration) -> anyhow::Result<Option<Heard>> {
        let datagram = self.datagram(limit)?;
        Ok(datagram.map(|(bytes, _)| Heard(String::from_utf8_lossy(&bytes).into_owned())))
    }

    /// The next message of which `what` is the beginning: `INVITE`, `SIP/2.0 200`. Others before it
    /// are passed over.
    ///
    /// # Errors
    /// When it does not come; the error names those that came.
    pub fn expect(&self, what: &str) -> anyhow::Result<Heard> {
        let mut others = Vec::new();
        while let Some(heard) = self.next(PATIENCE)? {
            if heard.0.starts_with(what) {
                return Ok(heard);
            }
            others.push(heard.0.lines().next().unwrap_or_default().to_owned());
        }
        bail!("{}: no {what}, only {others:?}", self.address)
    }

    /// The response to a request; `tag` makes the To of a new dialog, `description` is SDP.
    ///
    /// # Errors
    /// When the request lacks what a response repeats.
    pub fn response(
        &self,
        to: &Heard,
        status: &str,
        tag: &str,
        description: &str,
    ) -> anyhow::Result<String> {
        to.response(self.address, status, tag, description)
    }

    /// The BYE with which it leaves the dialog of an INVITE that it answered with this tag.
    ///
    /// # Errors
    /// When the INVITE lacks what a BYE needs.
    pub fn bye(&self, invite: &Heard, tag: &str) -> anyhow::Result<String> {
        let contact = invite.header("Contact")?;
        let uri = contact.split(['<', '>']).nth(1).unwrap_or(contact);
        let (from, to) = (invite.header("To")?, invite.header("From")?);
        let call_id = invite.header("Call-ID")?;
        Ok(format!(
            "BYE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK-bye-{tag};rport\r\n\
             From: {from};tag={tag}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: 1 BYE\r\n\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            self.address
        ))
    }

    /// A description with PCMU at this address.
    pub fn description(&self, port: u16) -> String {
        description(self.address.ip(), port)
    }
}

/// A description with PCMU.
pub fn description(at: IpAddr, port: u16) -> String {
    format!(
        "v=0\r\no=puppet 1 1 IN IP4 {at}\r\ns=-\r\nc=IN IP4 {at}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )
}

impl Heard {
    /// A message from its text.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The method of a request; the version of a response.
    pub fn method(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }

    /// Whether it has this Call-ID.
    pub fn is_of(&self, call_id: &str) -> bool {
        self.header("Call-ID").is_ok_and(|found| found == call_id)
    }

    /// The response to this request from whoever is at `contact`.
    ///
    /// # Errors
    /// When it lacks what a response repeats.
    pub fn response(
        &self,
        contact: SocketAddr,
        status: &str,
        tag: &str,
        description: &str,
    ) -> anyhow::Result<String> {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for via in self.headers("Via") {
            text += &format!("Via: {via}\r\n");
        }
        for name in ["From", "To", "Call-ID", "CSeq"] {
            let value = self.header(name)?;
            let tagged = name != "To" || value.contains("tag=");
            let tag = if tagged { String::new() } else { format!(";tag={tag}") };
            text += &format!("{name}: {value}{tag}\r\n");
        }
        text += &format!("Contact: <sip:puppet@{contact}>\r\n");
        if !description.is_empty() {
            text += "Content-Type: application/sdp\r\n";
        }
        Ok(text + &format!("Content-Length: {}\r\n\r\n{description}", description.len()))
    }

    /// The first header of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn header<'a>(&'a self, name: &'a str) -> anyhow::Result<&'a str> {
        self.headers(name).next().with_context(|| format!("no {name} in {}", self.0))
    }

    /// All of them.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default();
        head.lines().filter_map(move |line| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The status of a response; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        self.0.strip_prefix("SIP/2.0 ")?.split(' ').next()?.trim().parse().ok()
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.0
    }
}
