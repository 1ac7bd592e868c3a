//! What a telephone does by itself: it answers requests within its dialogs, acknowledges, and gives
//! the same answer again to what it has heard already.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::puppet::{Heard, description};

/// The longest datagram.
const LONGEST: usize = 65_535;
/// Where its sound would be.
pub(super) const SOUND: u16 = 7000;
/// What it understands.
const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, UPDATE";
/// The same without UPDATE: it is told by re-INVITE.
const PLAIN: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER";

pub(super) struct Desk {
    pub(super) socket: UdpSocket,
    pub(super) address: SocketAddr,
    pub(super) server: SocketAddr,
    pub(super) user: String,
    /// As From and To name it.
    pub(super) name: String,
    pub(super) state: Mutex<State>,
    pub(super) heard: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    /// What nobody has taken yet.
    pub(super) heard: Vec<Heard>,
    /// Branch and method of every request, with our response to it.
    pub(super) answers: BTreeMap<String, Option<String>>,
    /// Call-ID and CSeq of each 2xx that was acknowledged, with the ACK.
    pub(super) acknowledged: BTreeMap<String, String>,
    /// INVITEs that have no final response yet, by Call-ID.
    pub(super) ringing: BTreeMap<String, Heard>,
    /// Methods that get no response.
    pub(super) deaf: BTreeSet<String>,
    /// UPDATE is not in Allow.
    pub(super) plain: bool,
    pub(super) count: u32,
    pub(super) over: bool,
}

impl Desk {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of Allow.
    pub(super) fn allow(&self) -> &'static str {
        if self.state().plain { PLAIN } else { ALLOW }
    }

    pub(super) fn tag(&self) -> String {
        format!("t{}", self.address.ip()).replace('.', "-")
    }

    pub(super) fn send(&self, text: &str) -> anyhow::Result<()> {
        self.socket.send_to(text.as_bytes(), self.server)?;
        Ok(())
    }

    pub(super) fn listen(&self) {
        let mut buffer = vec![0; LONGEST];
        while !self.state().over {
            let Ok((length, _)) = self.socket.recv_from(&mut buffer) else { continue };
            let heard = Heard::new(String::from_utf8_lossy(&buffer[..length]).into_owned());
            // Whatever cannot be answered is for the test to see.
            let _ = self.hear(heard);
        }
    }

    fn hear(&self, heard: Heard) -> anyhow::Result<()> {
        let new = match heard.status() {
            Some(status) => self.hear_response(&heard, status)?,
            None => self.hear_request(&heard)?,
        };
        if new {
            self.state().heard.push(heard);
            self.heard.notify_all();
        }
        Ok(())
    }

    /// Whether the test may see it.
    fn hear_response(&self, heard: &Heard, status: u16) -> anyhow::Result<bool> {
        let cseq = heard.header("CSeq")?;
        let Some(number) = cseq.strip_suffix(" INVITE").filter(|_| status >= 200) else {
            return Ok(true);
        };
        let call_id = heard.header("Call-ID")?;
        let known = self.state().acknowledged.get(&format!("{call_id} {cseq}")).cloned();
        if let Some(ack) = known {
            self.send(&ack)?;
            return Ok(false);
        }
        if status >= 300 {
            let (via, from) = (heard.header("Via")?, heard.header("From")?);
            let via = via.replace(";rport=5060", ";rport");
            let to = heard.header("To")?;
            let ack = format!(
                "ACK {} SIP/2.0\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
                 CSeq: {number} ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
                uri(to)
            );
            self.state().acknowledged.insert(format!("{call_id} {cseq}"), ack.clone());
            self.send(&ack)?;
        }
        Ok(true)
    }

    /// Whether it is new.
    fn hear_request(&self, heard: &Heard) -> anyhow::Result<bool> {
        let method = heard.method();
        let key = format!("{method} {}", heard.header("Via")?);
        let known = self.state().answers.get(&key).cloned();
        if let Some(answer) = known {
            if let Some(answer) = answer {
                self.send(&answer)?;
            }
            return Ok(false);
        }
        self.state().answers.insert(key, None);
        if self.state().deaf.contains(method) {
            return Ok(true);
        }
        let call_id = heard.header("Call-ID")?;
        match method {
            "ACK" => {}
            "INVITE" if !is_in_dialog(heard) => {
                let invite = Heard::new(heard.text().to_owned());
                self.state().ringing.insert(call_id.to_owned(), invite);
            }
            "INVITE" | "UPDATE" => {
                let offered = heard.text().contains("m=audio");
                let answer = if offered || method == "INVITE" {
                    description(self.address.ip(), SOUND) + answered(heard.text())
                } else {
                    String::new()
                };
                self.respond(heard, "200 OK", &answer)?;
            }
            "CANCEL" => {
                self.respond(heard, "200 OK", "")?;
                let ringing = self.state().ringing.remove(call_id);
                if let Some(invite) = ringing {
                    self.respond(&invite, "487 Request Terminated", "")?;
                }
            }
            _ => self.respond(heard, "200 OK", "")?,
        }
        Ok(true)
    }

    pub(super) fn respond(
        &self,
        to: &Heard,
        status: &str,
        description: &str,
    ) -> anyhow::Result<()> {
        let allow = self.allow();
        let text = to.response(self.address, status, &self.tag(), description)?;
        let text = text.replacen("Content-Length", &format!("Allow: {allow}\r\nContent-Length"), 1);
        let key = format!("{} {}", to.method(), to.header("Via")?);
        self.state().answers.insert(key, Some(text.clone()));
        self.send(&text)
    }
}

/// The direction that answers an offer's.
fn answered(offer: &str) -> &'static str {
    [
        ("a=sendonly", "a=recvonly\r\n"),
        ("a=recvonly", "a=sendonly\r\n"),
        ("a=inactive", "a=inactive\r\n"),
    ]
    .into_iter()
    .find_map(|(found, answer)| offer.contains(found).then_some(answer))
    .unwrap_or("")
}

pub(super) fn is_in_dialog(request: &Heard) -> bool {
    request.header("To").is_ok_and(|to| to.contains(";tag="))
}

/// The URI in angle brackets.
pub(super) fn uri(header: &str) -> String {
    header.split(['<', '>']).nth(1).unwrap_or(header).to_owned()
}
