//! Reads and writes messages of about 1 kB, as often as asked for: what `cargo xtask bench parse`
//! counts. Usage: `invite parse|check|write COUNT`.

#![allow(clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use sip::message::{Body, HeaderName, Message, ResponseBuilder, StatusCode, check_request};

const BODY: &str = "v=0\r\no=- 8000 8000 IN IP4 198.51.100.1\r\ns=-\r\n\
    c=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 9 101\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, count] = &arguments[..] else {
        return Err("invite parse|check|write COUNT".into());
    };
    let count: u32 = count.parse()?;
    let datagram = invite();
    let before = Instant::now();
    match what.as_str() {
        "parse" => {
            for _ in 0..count {
                black_box(Message::parse_datagram(datagram.clone())?.to_bytes());
            }
        }
        "check" => {
            for _ in 0..count {
                if let Message::Request(request) = Message::parse_datagram(datagram.clone())? {
                    black_box(check_request(&request).is_ok());
                }
            }
        }
        "write" => {
            let Message::Request(request) = Message::parse_datagram(datagram)? else {
                return Err("no request".into());
            };
            let source = "198.51.100.1:5060".parse()?;
            let body = Body::sdp(BODY);
            for _ in 0..count {
                let response = ResponseBuilder::to(&request, StatusCode::OK)
                    .to_tag("0123456789abcdef")
                    .source(source)
                    .header(HeaderName::Contact, "<sip:192.0.2.1:5060>")
                    .header(HeaderName::Allow, "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER");
                black_box(response.build(Some(&body)).to_bytes());
            }
        }
        _ => return Err("parse, check or write?".into()),
    }
    let ns = before.elapsed().as_secs_f64() * 1e9 / f64::from(count.max(1));
    println!("count={count} ns={ns:.0} bytes={}", invite().len());
    Ok(())
}

fn invite() -> Bytes {
    let text = format!(
        "INVITE sip:+493012345678@192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK-524287-1---d8754z;rport\r\n\
         Max-Forwards: 70\r\n\
         Contact: <sip:+4917012345678@198.51.100.1:5060;transport=udp>\r\n\
         To: <sip:+493012345678@192.0.2.1>\r\n\
         From: \"Erika Mustermann\" <sip:+4917012345678@198.51.100.1>;tag=a6c85cf\r\n\
         Call-ID: Y2FjZTU0ZmUxYzI3ZGY1MjYzZGI3ZDVmNDQ1@198.51.100.1\r\n\
         CSeq: 1 INVITE\r\n\
         Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO\r\n\
         Supported: replaces, timer\r\n\
         P-Asserted-Identity: \"Erika Mustermann\" <sip:+4917012345678@198.51.100.1>\r\n\
         User-Agent: Carrier session border controller 7.2\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    Bytes::from(text)
}
