//! A user's telephone: signs what it asks, subscribes, picks up.

use sip::message::Method;

use crate::house::{ALICE, BOB, Dialog, House, Sent, authorization, description, find, with_body};

/// A telephone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phone {
    pub(crate) user: &'static str,
    pub(crate) at: &'static str,
}

pub(crate) const ALICES: Phone = Phone { user: "alice", at: ALICE };
pub(crate) const BOBS: Phone = Phone { user: "bob", at: BOB };

/// A request outside dialogs.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) more: &'a str,
    pub(crate) body: &'a str,
}

pub(crate) const MEDIA: &str = "m=audio 1 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";

impl House {
    /// Sends a request outside dialogs, and again with credentials once it is challenged. Returns
    /// the dialog that it made, if it did, and what the core sent.
    pub(crate) fn outside(&mut self, who: Phone, asked: &Request<'_>) -> (Dialog, Vec<Sent>) {
        let number = self.count();
        let Request { method, uri, more, body } = *asked;
        let mut dialog = Dialog {
            at: who.at,
            target: uri.to_owned(),
            from: format!("<sip:{}@pbx.example>;tag=w{number}", who.user),
            to: format!("<{uri}>"),
            call_id: format!("{}-{number}", who.user),
        };
        let kind = if body.is_empty() { "" } else { "application/sdp" };
        let mut sent = self.receive(who.at, dialog.request(method, 1, more, kind, body));
        if let Some(challenged) = sent.iter().find(|sent| sent.0.starts_with("SIP/2.0 401")) {
            let name = Method::from_bytes(method.as_bytes()).expect("a method");
            let line = authorization(challenged, who.user, &name, uri);
            if method == "INVITE" {
                let ack = Dialog { to: challenged.value("To").to_owned(), ..dialog.clone() };
                let ack = ack.request("ACK", 1, "", "", "").replace("-1-ACK;", "-1-INVITE;");
                self.receive(who.at, ack);
            }
            let more = format!("{more}{line}");
            sent = self.receive(who.at, dialog.request(method, 2, &more, kind, body));
        }
        let response = sent.iter().find(|sent| sent.0.starts_with("SIP/2.0 2"));
        if let Some(response) = response {
            response.value("To").clone_into(&mut dialog.to);
            dialog.target = target(response);
        }
        (dialog, sent)
    }

    /// Sends a request in a dialog, and again with credentials once it is challenged.
    pub(crate) fn signed(
        &mut self,
        who: Phone,
        dialog: &Dialog,
        method: &str,
        more: &str,
    ) -> Vec<Sent> {
        let cseq = 10 + self.count();
        let sent = self.receive(dialog.at, dialog.request(method, cseq, more, "", ""));
        let Some(challenged) = sent.iter().find(|sent| sent.0.starts_with("SIP/2.0 401")) else {
            return sent;
        };
        let name = Method::from_bytes(method.as_bytes()).expect("a method");
        let line = authorization(challenged, who.user, &name, &dialog.target);
        let (cseq, more) = (10 + self.count(), format!("{more}{line}"));
        self.receive(dialog.at, dialog.request(method, cseq, &more, "", ""))
    }

    /// Dials; returns what the core sends.
    pub(crate) fn dial(&mut self, who: Phone, to: &str) -> (Dialog, Vec<Sent>) {
        let (uri, body) = (format!("sip:{to}@192.0.2.1"), description(30_000, MEDIA));
        let asked = Request { method: "INVITE", uri: &uri, more: "", body: &body };
        self.outside(who, &asked)
    }

    /// Watches something; returns the response and what follows it.
    pub(crate) fn watch(
        &mut self,
        who: Phone,
        what: &str,
        event: &str,
        more: &str,
    ) -> (Dialog, Vec<Sent>) {
        let uri = format!("sip:{what}@pbx.example");
        let more = format!("Event: {event}\r\n{more}");
        self.outside(who, &Request { method: "SUBSCRIBE", uri: &uri, more: &more, body: "" })
    }

    /// The status with which a SUBSCRIBE is answered.
    pub(crate) fn watch_status(&mut self, what: &str, event: &str, more: &str) -> u16 {
        let (_, sent) = self.watch(ALICES, what, event, more);
        find(&sent, "SIP/2.0 ").status()
    }

    /// A telephone answers a NOTIFY; returns what the core sends then.
    pub(crate) fn told(&mut self, who: Phone, notify: &Sent) -> Vec<Sent> {
        self.receive(who.at, notify.response("200 OK", "", "", ""))
    }

    /// A telephone that rings picks up; returns its dialog and what the core sends.
    pub(crate) fn pick_up(&mut self, who: Phone, ring: &Sent) -> (Dialog, Vec<Sent>) {
        let contact = format!("Contact: <sip:{}@{}>\r\n", who.user, who.at);
        let mut sent = self.receive(who.at, ring.response("180 Ringing", &contact, "", ""));
        let body = description(50_000, MEDIA);
        let answered = ring.response("200 OK", &contact, "application/sdp", &body);
        sent.extend(self.receive(who.at, answered));
        (called(who, ring), sent)
    }
}

/// The dialog of a telephone that was rung.
pub(crate) fn called(who: Phone, ring: &Sent) -> Dialog {
    Dialog {
        at: who.at,
        target: target(ring),
        from: format!("{};tag=phone", ring.value("To")),
        to: ring.value("From").to_owned(),
        call_id: ring.value("Call-ID").to_owned(),
    }
}

/// Every message that starts like this.
pub(crate) fn all(sent: &[Sent], start: &str) -> Vec<Sent> {
    sent.iter().filter(|sent| sent.0.starts_with(start)).cloned().collect()
}

/// First lines, the user of the Request-URI being enough to know whom a request is for.
pub(crate) fn ladder(sent: &[Sent]) -> String {
    let line = |sent: &Sent| {
        let first = sent.0.split("\r\n").next().unwrap_or_default();
        let first = first.trim_end_matches(" SIP/2.0").replace("sip:", "");
        let host = first.split('@').next().unwrap_or_default();
        let first = if first.starts_with("SIP/2.0") { first.as_str() } else { host };
        let cseq = sent.value("CSeq").split(' ').nth(1).unwrap_or_default();
        if first.starts_with("SIP/2.0") {
            format!("{} {cseq}", first.trim_start_matches("SIP/2.0 "))
        } else {
            first.to_owned()
        }
    };
    sent.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn target(message: &Sent) -> String {
    let contact = message.value("Contact").trim_start_matches('<');
    contact.split('>').next().unwrap_or_default().to_owned()
}

/// A request with a body of another kind cannot be told from one without.
pub(crate) fn raw(who: Phone, number: u32, method: &str, uri: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\n\
         Via: SIP/2.0/UDP {at};branch=z9hG4bK-raw{number};rport\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:{user}@pbx.example>;tag=raw{number}\r\n\
         To: <{uri}>\r\n\
         Call-ID: raw-{number}\r\n\
         CSeq: 1 {method}\r\n{more}{}",
        with_body("", ""),
        at = who.at,
        user = who.user,
    )
}
