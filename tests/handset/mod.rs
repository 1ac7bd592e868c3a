//! A telephone with as many lines as the test likes, for what one SIPp script cannot do: a second
//! dialog, REFER with the identifiers of another one, requests in any order. What a telephone does
//! by itself it does by itself (it answers requests within a dialog, acknowledges, repeats what
//! was lost); what its owner does the test does. It reads with as little as it needs, and not with
//! the server's parser.

mod desk;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use sip::auth::{Credentials, Secret};
use sip::message::{Message, Method};

use self::desk::{Desk, SOUND, is_in_dialog, uri};
use crate::host::{Block, DOMAIN, password};
use crate::puppet::{Heard, Puppet, bind, description};
use crate::registration::{challenges, register};

/// How long it waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(6);
/// How often its thread looks whether it is still wanted.
const LOOKS: Duration = Duration::from_millis(50);

/// A telephone.
pub struct Handset {
    desk: Arc<Desk>,
    /// Reads until the telephone is put away.
    ear: Option<std::thread::JoinHandle<()>>,
}

/// A call of it.
#[derive(Clone, Debug)]
pub struct Line {
    call_id: String,
    /// From of its requests, with the tag.
    local: String,
    /// To of its requests; with the tag once there is one.
    remote: String,
    /// Request-URI within the dialog.
    target: String,
    cseq: u32,
    /// Of the INVITE that it sent.
    branch: String,
    /// The INVITE that it got, as text.
    invite: String,
    /// The server's port for its sound.
    port: u16,
}

impl Line {
    /// The value of Replaces that names this dialog to the server.
    pub fn replaces(&self) -> String {
        format!("{};to-tag={};from-tag={}", self.call_id, tag(&self.remote), tag(&self.local))
    }

    /// The value of Refer-To for a transfer to `user` that replaces this dialog.
    pub fn refer_to(&self, user: &str) -> String {
        let escaped = self.replaces().replace(';', "%3B").replace('=', "%3D").replace('@', "%40");
        format!("<sip:{user}@{DOMAIN}?Replaces={escaped}>")
    }

    /// The INVITE that brought it.
    pub fn invite(&self) -> Heard {
        Heard::new(self.invite.clone())
    }

    /// Where the server takes its sound.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its Call-ID.
    pub fn call_id(&self) -> &str {
        &self.call_id
    }
}

impl Handset {
    /// The telephone of a user, registered.
    ///
    /// # Errors
    /// When the server does not take it.
    pub fn registered(block: Block, index: u8, user: &str) -> anyhow::Result<Self> {
        let address = block.agent(index);
        register(block, address, user)?;
        Self::new(block, address, user, format!("<sip:{user}@{DOMAIN}>"))
    }

    /// A telephone with the password of a user, which is not registered.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn visiting(block: Block, index: u8, user: &str) -> anyhow::Result<Self> {
        Self::new(block, block.agent(index), user, format!("<sip:{user}@{DOMAIN}>"))
    }

    /// Somebody behind the trunk.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn outside(block: Block, address: IpAddr, number: &str) -> anyhow::Result<Self> {
        Self::new(block, address, number, format!("<sip:{number}@carrier.test>"))
    }

    fn new(block: Block, address: IpAddr, user: &str, name: String) -> anyhow::Result<Self> {
        let address = SocketAddr::new(address, 5060);
        let socket = bind(address)?;
        socket.set_read_timeout(Some(LOOKS))?;
        let desk = Arc::new(Desk {
            socket,
            address,
            server: SocketAddr::new(block.server(), 5060),
            user: user.to_owned(),
            name,
            state: Mutex::default(),
            heard: Condvar::new(),
        });
        let ear = Arc::clone(&desk);
        Ok(Self { desk, ear: Some(std::thread::spawn(move || ear.listen())) })
    }

    /// From now on it gives no response to this method.
    pub fn is_deaf_to(&self, method: &str) {
        self.desk.state().deaf.insert(method.to_owned());
    }

    /// From now on it does not say that it understands UPDATE.
    pub fn is_plain(&self) {
        self.desk.state().plain = true;
    }

    /// Where it speaks and listens: a socket that nobody else reads.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn ear(&self, block: Block) -> anyhow::Result<Puppet> {
        Puppet::new(block, self.desk.address.ip(), SOUND)
    }

    /// The next call that comes in; it is not answered by anything yet.
    ///
    /// # Errors
    /// When none comes.
    pub fn invited(&self) -> anyhow::Result<Line> {
        let invite =
            self.expect("a call", |heard| heard.method() == "INVITE" && !is_in_dialog(heard))?;
        let to = invite.header("To")?;
        Ok(Line {
            call_id: invite.header("Call-ID")?.to_owned(),
            local: format!("{to};tag={}", self.tag()),
            remote: invite.header("From")?.to_owned(),
            target: uri(invite.header("Contact")?),
            cseq: 0,
            branch: String::new(),
            invite: invite.text().to_owned(),
            port: port(&invite),
        })
    }

    /// The same, and it rings.
    ///
    /// # Errors
    /// When none comes.
    pub fn rung(&self) -> anyhow::Result<Line> {
        let line = self.invited()?;
        self.replies(&line, "180 Ringing")?;
        Ok(line)
    }

    /// A response to the INVITE of a call that came in.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn replies(&self, line: &Line, status: &str) -> anyhow::Result<()> {
        if !status.starts_with('1') {
            self.desk.state().ringing.remove(&line.call_id);
        }
        self.desk.respond(&line.invite(), status, "")
    }

    /// Takes a call that rings, and waits for the ACK.
    ///
    /// # Errors
    /// When it does not ring any more, or there is no ACK.
    pub fn answers(&self, line: &Line) -> anyhow::Result<()> {
        ensure!(self.answers_if_it_rings(line)?, "{}: the call was cancelled", self.desk.user);
        Ok(())
    }

    /// The same with a call that may have been cancelled meanwhile: whether it was there.
    ///
    /// # Errors
    /// When there is no ACK.
    pub fn answers_if_it_rings(&self, line: &Line) -> anyhow::Result<bool> {
        if self.desk.state().ringing.remove(&line.call_id).is_none() {
            return Ok(false);
        }
        self.desk.respond(&line.invite(), "200 OK", &self.description(1, ""))?;
        let call_id = line.call_id.clone();
        self.expect("the ACK", |heard| heard.method() == "ACK" && heard.is_of(&call_id))?;
        Ok(true)
    }

    /// Rings and takes the next call.
    ///
    /// # Errors
    /// When none comes.
    pub fn takes(&self) -> anyhow::Result<Line> {
        let line = self.rung()?;
        self.answers(&line)?;
        Ok(line)
    }

    /// The CANCEL of a call that rang; it has been answered.
    ///
    /// # Errors
    /// When it does not come.
    pub fn is_cancelled(&self, line: &Line) -> anyhow::Result<Heard> {
        let call_id = line.call_id.clone();
        self.expect("a CANCEL", |heard| heard.method() == "CANCEL" && heard.is_of(&call_id))
    }

    /// Sends an INVITE, and again with the answer to a challenge.
    ///
    /// # Errors
    /// When it cannot be sent or the challenge is none.
    pub fn dials(&self, to: &str, headers: &[&str]) -> anyhow::Result<Line> {
        let mut line = self.begins(to);
        self.invites(&mut line, headers)?;
        if self.desk.name.contains(DOMAIN) {
            let challenged = self.response(&line, "INVITE", |status| status >= 200)?;
            ensure!(challenged.status() == Some(401), "{}", challenged.text());
            self.answers_challenge(&mut line, &challenged, headers)?;
        }
        Ok(line)
    }

    fn begins(&self, to: &str) -> Line {
        let target = format!("sip:{to}@{DOMAIN}");
        Line {
            call_id: format!("line-{}@{}", self.count(), self.desk.address.ip()),
            local: format!("{};tag={}", self.desk.name, self.tag()),
            remote: format!("<{target}>"),
            target,
            cseq: 0,
            branch: String::new(),
            invite: String::new(),
            port: 0,
        }
    }

    fn answers_challenge(
        &self,
        line: &mut Line,
        challenged: &Heard,
        headers: &[&str],
    ) -> anyhow::Result<()> {
        let answer = self.authorization(challenged, &line.target)?;
        let answer = format!("Authorization: {answer}");
        let headers: Vec<&str> = headers.iter().copied().chain([answer.as_str()]).collect();
        self.invites(line, &headers)
    }

    fn invites(&self, line: &mut Line, headers: &[&str]) -> anyhow::Result<()> {
        let allow = format!("Allow: {}", self.desk.allow());
        let headers: Vec<&str> = headers.iter().copied().chain([allow.as_str()]).collect();
        line.branch = self.sends(line, "INVITE", &headers, &self.description(1, ""))?;
        Ok(())
    }

    fn authorization(&self, challenged: &Heard, uri: &str) -> anyhow::Result<String> {
        let bytes = Bytes::from(challenged.text().to_owned());
        let Ok(Message::Response(response)) = Message::parse_datagram(bytes) else {
            bail!("no challenge: {}", challenged.text());
        };
        let credentials = Credentials {
            username: self.desk.user.clone(),
            secret: Secret::Password(password(&self.desk.user)),
            realm: Some(DOMAIN.to_owned()),
        };
        let challenges = challenges(&response);
        let chosen = sip::auth::choose(&challenges, &credentials).context("a challenge")?;
        let answer = sip::auth::answer(chosen, &credentials, &Method::Invite, uri, "0a1b2c", 1);
        Ok(answer.context("an answer")?.to_string())
    }

    /// It rings at the other end of a call that it makes.
    ///
    /// # Errors
    /// When it does not.
    pub fn hears_ringing(&self, line: &mut Line) -> anyhow::Result<()> {
        let ringing = self.response(line, "INVITE", |status| (180..200).contains(&status))?;
        line.remote = ringing.header("To")?.to_owned();
        line.target = uri(ringing.header("Contact")?);
        Ok(())
    }

    /// A call that it makes is answered; it acknowledges that.
    ///
    /// # Errors
    /// When it is not.
    pub fn is_answered(&self, line: &mut Line) -> anyhow::Result<()> {
        let answer = self.response(line, "INVITE", |status| status >= 200)?;
        ensure!(answer.status() == Some(200), "{}", answer.text());
        self.acknowledges(line, &answer)
    }

    fn acknowledges(&self, line: &mut Line, answer: &Heard) -> anyhow::Result<()> {
        line.remote = answer.header("To")?.to_owned();
        line.target = uri(answer.header("Contact")?);
        line.port = port(answer);
        let key = format!("{} {}", line.call_id, answer.header("CSeq")?);
        let ack = self.text(line, "ACK", line.cseq, &self.branch(), &[], "");
        self.desk.state().acknowledged.insert(key, ack.clone());
        self.desk.send(&ack)
    }

    /// Calls and is answered.
    ///
    /// # Errors
    /// When it is not.
    pub fn calls(&self, to: &str) -> anyhow::Result<Line> {
        let mut line = self.dials(to, &[])?;
        self.is_answered(&mut line)?;
        Ok(line)
    }

    /// The final response to a call that it makes, which is not taken.
    ///
    /// # Errors
    /// When it does not come.
    pub fn is_refused(&self, line: &Line) -> anyhow::Result<u16> {
        let answer = self.response(line, "INVITE", |status| status >= 200)?;
        answer.status().context("a status")
    }

    /// Calls and is refused: the status, with or without having been challenged.
    ///
    /// # Errors
    /// When the call is answered, or nothing comes.
    pub fn is_turned_away(&self, to: &str, headers: &[&str]) -> anyhow::Result<u16> {
        let mut line = self.begins(to);
        self.invites(&mut line, headers)?;
        let mut answer = self.response(&line, "INVITE", |status| status >= 200)?;
        if answer.status() == Some(401) {
            self.answers_challenge(&mut line, &answer, headers)?;
            answer = self.response(&line, "INVITE", |status| status >= 200)?;
        }
        answer.status().filter(|status| *status >= 300).context("it is answered")
    }

    /// Gives up a call that it makes, and waits for the end of it.
    ///
    /// # Errors
    /// When it does not end.
    pub fn gives_up(&self, line: &Line) -> anyhow::Result<()> {
        let mut line = line.clone();
        line.remote = line.remote.split(";tag=").next().unwrap_or_default().to_owned();
        line.target = line.remote.trim_matches(['<', '>']).to_owned();
        let text = self.text(&line, "CANCEL", line.cseq, &line.branch, &[], "");
        self.desk.send(&text)?;
        let status = self.is_refused(&line)?;
        ensure!(status == 487, "{status} to a cancelled INVITE");
        Ok(())
    }

    /// A request in a dialog, and its final response.
    ///
    /// # Errors
    /// When none comes.
    pub fn asks(
        &self,
        line: &mut Line,
        method: &str,
        headers: &[&str],
        body: &str,
    ) -> anyhow::Result<Heard> {
        self.sends(line, method, headers, body)?;
        self.response(line, method, |status| status >= 200)
    }

    /// Sends a request in a dialog and does not wait for what comes of it.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn says(&self, line: &mut Line, method: &str, headers: &[&str]) -> anyhow::Result<()> {
        self.sends(line, method, headers, "")?;
        Ok(())
    }

    /// Hangs up.
    ///
    /// # Errors
    /// When the BYE is not answered with 200.
    pub fn hangs_up(&self, line: &mut Line) -> anyhow::Result<()> {
        let answer = self.asks(line, "BYE", &[], "")?;
        ensure!(answer.status() == Some(200), "{}", answer.text());
        Ok(())
    }

    /// It is hung up on; the BYE has been answered.
    ///
    /// # Errors
    /// When it is not.
    pub fn is_hung_up_on(&self, line: &Line) -> anyhow::Result<Heard> {
        let call_id = line.call_id.clone();
        self.expect("a BYE", |heard| heard.method() == "BYE" && heard.is_of(&call_id))
    }

    /// Puts the other side on hold.
    ///
    /// # Errors
    /// When the server does not take that.
    pub fn holds(&self, line: &mut Line) -> anyhow::Result<()> {
        self.offers(line, "a=sendonly\r\n")
    }

    /// And takes it back.
    ///
    /// # Errors
    /// When the server does not take that.
    pub fn resumes(&self, line: &mut Line) -> anyhow::Result<()> {
        self.offers(line, "a=sendrecv\r\n")
    }

    fn offers(&self, line: &mut Line, direction: &str) -> anyhow::Result<()> {
        let offer = self.description(line.cseq + 2, direction);
        let answer = self.asks(line, "INVITE", &[], &offer)?;
        ensure!(answer.status() == Some(200), "{}", answer.text());
        self.acknowledges(line, &answer)
    }

    /// Presses a key, told by INFO.
    ///
    /// # Errors
    /// When that gets no response.
    pub fn presses(&self, line: &mut Line, key: char) -> anyhow::Result<u16> {
        let body = format!("Signal={key}\r\nDuration=160\r\n");
        let kind = "Content-Type: application/dtmf-relay";
        self.asks(line, "INFO", &[kind], &body)?.status().context("a status")
    }

    /// What has come so far is of no interest.
    pub fn forgets(&self) {
        self.desk.state().heard.clear();
    }

    /// Asks the server to call somebody else instead: the status of its answer.
    ///
    /// # Errors
    /// When there is none.
    pub fn refers(&self, line: &mut Line, refer_to: &str) -> anyhow::Result<u16> {
        let headers = [format!("Refer-To: {refer_to}"), format!("Referred-By: {}", self.desk.name)];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        self.asks(line, "REFER", &headers, "")?.status().context("a status")
    }

    /// What the server tells of a REFER, until it says that this is all.
    ///
    /// # Errors
    /// When the last NOTIFY does not come.
    pub fn is_told(&self, line: &Line) -> anyhow::Result<Vec<u16>> {
        let mut told = Vec::new();
        loop {
            let call_id = line.call_id.clone();
            let heard = self
                .expect("a NOTIFY", |heard| heard.method() == "NOTIFY" && heard.is_of(&call_id))?;
            ensure!(heard.header("Event")?.starts_with("refer"), "{}", heard.text());
            ensure!(
                heard.header("Content-Type")?.starts_with("message/sipfrag"),
                "{}",
                heard.text()
            );
            let (_, body) = heard.text().split_once("\r\n\r\n").context("a body")?;
            told.push(Heard::new(body.to_owned()).status().context("a status line")?);
            if heard.header("Subscription-State")?.starts_with("terminated") {
                return Ok(told);
            }
        }
    }

    /// It is told that it talks to somebody with this in his name or number now.
    ///
    /// # Errors
    /// When it is not.
    pub fn is_with(&self, line: &Line, who: &str) -> anyhow::Result<Heard> {
        let call_id = line.call_id.clone();
        self.expect(&format!("to be with {who}"), |heard| {
            ["INVITE", "UPDATE"].contains(&heard.method())
                && heard.is_of(&call_id)
                && heard.headers("P-Asserted-Identity").any(|value| value.contains(who))
        })
    }

    /// Whether something of this method has come that nobody has taken.
    pub fn has_heard(&self, method: &str) -> bool {
        self.desk.state().heard.iter().any(|heard| heard.method() == method)
    }

    /// Waits for a message and takes it, wherever it stands among those that have come.
    ///
    /// # Errors
    /// When it does not come; the error names those that did.
    pub fn expect(&self, what: &str, is: impl Fn(&Heard) -> bool) -> anyhow::Result<Heard> {
        let mut left = PATIENCE.as_millis() / LOOKS.as_millis();
        let mut state = self.desk.state();
        loop {
            if let Some(at) = state.heard.iter().position(&is) {
                return Ok(state.heard.remove(at));
            }
            if left == 0 {
                let others: Vec<&str> =
                    state.heard.iter().filter_map(|heard| heard.text().lines().next()).collect();
                bail!("{}: {what} does not come, only {others:?}", self.desk.user);
            }
            let waited = self.desk.heard.wait_timeout(state, LOOKS);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = guard;
            left -= u128::from(timeout.timed_out());
        }
    }

    fn response(
        &self,
        line: &Line,
        method: &str,
        is: impl Fn(u16) -> bool,
    ) -> anyhow::Result<Heard> {
        let cseq = format!("{} {method}", line.cseq);
        self.expect(&format!("a response to {cseq}"), |heard| {
            heard.status().is_some_and(&is)
                && heard.is_of(&line.call_id)
                && heard.header("CSeq").is_ok_and(|found| found == cseq)
        })
    }

    /// Sends a request with the next number; its branch.
    fn sends(
        &self,
        line: &mut Line,
        method: &str,
        headers: &[&str],
        body: &str,
    ) -> anyhow::Result<String> {
        line.cseq += 1;
        let branch = self.branch();
        self.desk.send(&self.text(line, method, line.cseq, &branch, headers, body))?;
        Ok(branch)
    }

    fn text(
        &self,
        line: &Line,
        method: &str,
        cseq: u32,
        branch: &str,
        headers: &[&str],
        body: &str,
    ) -> String {
        let Line { call_id, local, remote, target, .. } = line;
        let at = self.desk.address;
        let mut text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch={branch};rport\r\n\
             From: {local}\r\nTo: {remote}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:{}@{at}>\r\nMax-Forwards: 70\r\n",
            self.desk.user
        );
        for header in headers {
            text += &format!("{header}\r\n");
        }
        if body.starts_with("v=0") {
            text += "Content-Type: application/sdp\r\n";
        }
        text + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    fn description(&self, version: u32, direction: &str) -> String {
        description(self.desk.address.ip(), SOUND)
            .replace("o=puppet 1 1 ", &format!("o=puppet 1 {version} "))
            + direction
    }

    fn tag(&self) -> String {
        self.desk.tag()
    }

    fn branch(&self) -> String {
        format!("z9hG4bK-{}-{}", self.desk.address.ip(), self.count())
    }

    fn count(&self) -> u32 {
        let mut state = self.desk.state();
        state.count += 1;
        state.count
    }
}

impl Drop for Handset {
    fn drop(&mut self) {
        self.desk.state().over = true;
        if let Some(ear) = self.ear.take() {
            let _ = ear.join();
        }
    }
}

/// The port of a description; 0 if there is none.
fn port(message: &Heard) -> u16 {
    let line = message.text().split("m=audio ").nth(1).unwrap_or_default();
    line.split(' ').next().unwrap_or_default().parse().unwrap_or(0)
}

fn tag(header: &str) -> &str {
    header.split(";tag=").nth(1).unwrap_or_default().split(';').next().unwrap_or_default()
}
