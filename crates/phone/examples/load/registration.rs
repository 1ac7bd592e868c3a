//! Registers users: each REGISTER is challenged and repeated with its answer.

use std::time::{Duration, Instant};

use sip::auth::{Challenge, Credentials, Secret, answer};
use sip::message::Method;

use crate::dialogue::{status, value};
use crate::{Ends, Failure, receive};

/// How long a response is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// So many pairs of REGISTER, one user after the other and then again from the first.
pub(crate) fn register(ends: &Ends, count: u32) -> Result<(), Failure> {
    for turn in 0..count {
        let user = turn as usize % ends.users;
        let challenged = ask(ends, &request(ends, user, 2 * turn + 1, ""))?;
        let challenge = Challenge::parse(value(&challenged, "\r\nWWW-Authenticate: ").as_bytes());
        let challenge = challenge.ok_or_else(|| format!("no challenge in {challenged}"))?;
        let credentials = Credentials {
            username: format!("u{user}"),
            secret: Secret::Password("secret".into()),
            realm: None,
        };
        let uri = "sip:bench.test";
        let proof = answer(&challenge, &credentials, &Method::Register, uri, "cnonce", 1);
        let proof = proof.ok_or("the challenge cannot be answered")?;
        let line = format!("Authorization: {proof}\r\n");
        let answered = ask(ends, &request(ends, user, 2 * turn + 2, &line))?;
        if status(&answered) != 200 {
            return Err(answered.into());
        }
    }
    Ok(())
}

fn ask(ends: &Ends, request: &str) -> Result<String, Failure> {
    ends.phone.send_to(request.as_bytes(), ends.server)?;
    let before = Instant::now();
    let mut buffer = [0; 4096];
    while before.elapsed() < PATIENCE {
        match receive(&ends.phone, &mut buffer) {
            Some(answer) if status(answer) >= 200 => return Ok(answer.to_owned()),
            Some(_) => {}
            None => std::thread::sleep(Duration::from_micros(20)),
        }
    }
    Err("REGISTER was not answered".into())
}

fn request(ends: &Ends, user: usize, cseq: u32, more: &str) -> String {
    let phone = ends.phone.local_addr().map(|at| at.to_string()).unwrap_or_default();
    format!(
        "REGISTER sip:bench.test SIP/2.0\r\n\
         Via: SIP/2.0/UDP {phone};branch=z9hG4bK-r{user}-{cseq};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:u{user}@bench.test>;tag=r{user}\r\n\
         To: <sip:u{user}@bench.test>\r\nCall-ID: registration-{user}\r\n\
         CSeq: {cseq} REGISTER\r\nContact: <sip:u{user}@{phone}>\r\nExpires: 3600\r\n\
         User-Agent: Load\r\n{more}Content-Length: 0\r\n\r\n"
    )
}
