//! Torture messages against the running binary: each gets its verdict, and the next valid request
//! is answered. The messages of RFC 4475 and RFC 5118 are others' text and no part of the
//! repository: they are read from `shared/` beside the checkout, where that is.
//!
//! None of their Vias has rport, so a response goes to the source address and the *Via's* port
//! (RFC 3261 §18.2.2): each message is sent from an address of its own, on which every such port
//! is listened to.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use e2e::host::{Block, Host};
use e2e::puppet::{Heard, Puppet};

/// Ports that Vias of the collections name, 5060 first.
const PORTS: [u16; 7] = [5060, 5061, 5050, 5070, 6050, 19823, 5065];

/// Any final response but 400.
const NOT_400: &[u16] = &[200, 401, 403, 404, 405, 407, 415, 416, 420, 480, 481, 488, 501];
/// No answer at all.
const SILENCE: &[u16] = &[];
const BAD: &[u16] = &[400];
/// It must be survived; whatever is answered.
const ANYTHING: &[u16] = &[0];

/// The message, the final responses it may get, and a header that the response must have.
type Verdict = (&'static str, &'static [u16], &'static str);

/// RFC 4475 as `EXPECT.tsv` beside the messages reads it for a server over UDP. A REGISTER is
/// challenged before its contacts are looked at; whoever wants more of it must sign it.
const RFC_4475: &[Verdict] = &[
    ("badaspec", &[400, 200], ""),
    ("badbranch", &[400, 200], ""),
    ("baddate", ANYTHING, ""),
    ("baddn", BAD, ""),
    ("badinv01", BAD, ""),
    ("badvers", &[505], ""),
    ("bcast", SILENCE, ""),
    ("bext01", &[420], "Unsupported"),
    ("bigcode", SILENCE, ""),
    ("clerr", BAD, ""),
    ("cparam01", &[401], "WWW-Authenticate"),
    ("cparam02", &[401], "WWW-Authenticate"),
    ("dblreq", &[401], "WWW-Authenticate"),
    ("esc01", NOT_400, ""),
    ("esc02", &[501, 405], "Allow"),
    ("escnull", &[401], "WWW-Authenticate"),
    ("escruri", BAD, ""),
    ("insuf", ANYTHING, ""),
    ("intmeth", &[501, 405], "Allow"),
    ("inv2543", NOT_400, ""),
    ("invut", &[415], "Accept"),
    ("longreq", NOT_400, ""),
    ("ltgtruri", BAD, ""),
    ("lwsdisp", &[200], ""),
    ("lwsruri", BAD, ""),
    ("lwsstart", &[400, 404, 480], ""),
    ("mcl01", BAD, ""),
    ("mismatch01", BAD, ""),
    ("mismatch02", &[501, 400, 405], ""),
    ("mpart01", &[405, 415, 501], ""),
    ("multi01", BAD, ""),
    ("ncl", BAD, ""),
    ("noreason", SILENCE, ""),
    ("novelsc", &[416, 404], ""),
    ("quotbal", BAD, ""),
    ("regaut01", &[401], "WWW-Authenticate"),
    ("regbadct", &[400, 401], ""),
    ("regescrt", &[401], "WWW-Authenticate"),
    ("scalar02", BAD, ""),
    ("scalarlg", SILENCE, ""),
    ("sdp01", &[406, 400], ""),
    ("semiuri", &[200, 404], ""),
    ("test", ANYTHING, ""),
    ("transports", &[200, 404], ""),
    ("trws", &[400, 200], ""),
    ("unkscm", &[416], ""),
    ("unksm2", &[400, 401], ""),
    ("unreason", SILENCE, ""),
    ("wsinv", NOT_400, ""),
    ("zeromf", &[200, 483], ""),
];

/// RFC 5118, in the form in which it can be sent.
const RFC_5118: &[Verdict] = &[
    ("ipv4-mapped-ipv6", NOT_400, ""),
    ("ipv6-bad", BAD, ""),
    ("ipv6-bug-abnf-3-colons", NOT_400, ""),
    ("ipv6-correct-abnf-2-colons", NOT_400, ""),
    ("ipv6-good", NOT_400, ""),
    ("ipv6-in-sdp", NOT_400, ""),
    ("mult-ip-in-header", NOT_400, ""),
    ("mult-ip-in-sdp", NOT_400, ""),
    ("port-ambiguous", NOT_400, ""),
    ("port-unambiguous", NOT_400, ""),
    ("via-received-param-no-delim", NOT_400, ""),
    ("via-received-param-with-delim", NOT_400, ""),
];

/// A server with a trunk to which every address of the block's upper half belongs, and a phone
/// that asks whether it still answers.
struct Rack {
    host: Host,
    asks: Puppet,
    asked: u32,
    next: u8,
}

impl Rack {
    fn new(block: Block) -> anyhow::Result<Self> {
        let peers = block.agent(118);
        let trunk = format!("[[trunk]]\nname = \"rack\"\npeers = [\"{peers}/25\"]\n");
        let host = Host::start(block, &trunk, &std::collections::BTreeMap::new(), |_| ())?;
        let asks = Puppet::new(block, block.agent(90), 5060)?;
        Ok(Self { host, asks, asked: 0, next: 0 })
    }

    /// Sends a message and compares its answer; then asks whether the server still answers.
    fn verdict(&mut self, name: &str, message: &[u8], verdict: &Verdict) -> anyhow::Result<()> {
        let (_, allowed, header) = verdict;
        let address = self.host.block.agent(118 + self.next);
        self.next += 1;
        let mut sockets = Vec::new();
        for port in PORTS {
            sockets.push(Puppet::new(self.host.block, address, port)?);
        }
        sockets[0].send(message)?;
        let patience = if allowed.contains(&0) || allowed.is_empty() { 15 } else { 150 };
        let answer = final_response(&sockets, patience)?;
        match &answer {
            None => ensure!(allowed.is_empty() || allowed.contains(&0), "{name}: no answer"),
            Some(answer) => {
                let status = answer.status().context("a status")?;
                let fits = allowed.contains(&status) || allowed.contains(&0);
                ensure!(fits, "{name}: {allowed:?} expected, got\n{}", answer.text());
                ensure!(header.is_empty() || answer.header(header).is_ok(), "{name}: no {header}");
            }
        }
        self.ask().with_context(|| format!("after {name}"))
    }

    /// OPTIONS must be answered.
    fn ask(&mut self) -> anyhow::Result<()> {
        self.asked += 1;
        let (from, branch) = (self.asks.address(), self.asked);
        let text = format!(
            "OPTIONS sip:tandem.test SIP/2.0\r\n\
             Via: SIP/2.0/UDP {from};branch=z9hG4bK-ask-{branch};rport\r\n\
             From: <sip:ask@example.net>;tag=a\r\nTo: <sip:tandem.test>\r\n\
             Call-ID: ask-{branch}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n\
             Content-Length: 0\r\n\r\n"
        );
        self.asks.send(text.as_bytes())?;
        self.asks.expect("SIP/2.0 200")?;
        Ok(())
    }

    fn stop(mut self) -> anyhow::Result<()> {
        self.host.signal("TERM")?;
        let status = self.host.wait()?;
        let log = self.host.log()?;
        ensure!(status.success() && !log.contains("ERROR"), "{status}\n{log}");
        Ok(())
    }
}

/// The first final response that comes to one of the sockets within so many rounds.
fn final_response(sockets: &[Puppet], rounds: u32) -> anyhow::Result<Option<Heard>> {
    for _ in 0..rounds {
        for socket in sockets {
            while let Some(heard) = socket.next(Duration::from_millis(1))? {
                if heard.status().is_some_and(|status| status >= 200) {
                    return Ok(Some(heard));
                }
            }
        }
    }
    Ok(None)
}

fn collection(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(name);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("NOT RUN: the torture messages of {name} are not at {}", path.display());
    None
}

fn all(block: Block, folder: &Path, suffix: &str, verdicts: &[Verdict]) -> anyhow::Result<()> {
    let mut rack = Rack::new(block)?;
    let mut wrong = Vec::new();
    for verdict in verdicts {
        let message = std::fs::read(folder.join(format!("{}{suffix}", verdict.0)))?;
        if let Err(error) = rack.verdict(verdict.0, &message, verdict) {
            wrong.push(format!("{error:#}"));
        }
    }
    let log = rack.host.log()?;
    if !wrong.is_empty() {
        bail!("{}\n{log}", wrong.join("\n"));
    }
    rack.stop()
}

#[test]
fn torture_of_rfc_4475() -> anyhow::Result<()> {
    let Some(folder) = collection("rfc4475") else { return Ok(()) };
    all(Block(220), &folder, ".dat", RFC_4475)
}

/// Several of these messages share a branch, so that to one server they would be
/// retransmissions: each gets a server of its own.
#[test]
fn torture_of_rfc_5118() -> anyhow::Result<()> {
    let Some(folder) = collection("rfc5118/wire") else { return Ok(()) };
    for verdict in RFC_5118 {
        all(Block(221), &folder, "", std::slice::from_ref(verdict))?;
    }
    Ok(())
}

/// What is no SIP at all.
const NO_SIP: &[(&str, &[u8], &[u16])] = &[
    ("nothing", b"", SILENCE),
    ("keep-alive", b"\r\n\r\n", SILENCE),
    ("zeros", &[0; 1200], SILENCE),
    ("a page of A", &[b'A'; 60_000], ANYTHING),
    ("HTTP", b"GET / HTTP/1.1\r\nHost: tandem.test\r\n\r\n", ANYTHING),
];

const OPTIONS: &str = "OPTIONS sip:tandem.test SIP/2.0";
const INVITE: &str = "INVITE sip:+15550100001@tandem.test SIP/2.0";

/// Name, first line, further headers, body, verdict.
type Nearly = (&'static str, String, String, &'static [u8], &'static [u16]);

/// What is nearly SIP.
fn nearly_sip() -> Vec<Nearly> {
    let case = |name, first: &str, headers: &str, body, verdict| -> Nearly {
        (name, first.to_owned(), headers.to_owned(), body, verdict)
    };
    let options = |name, headers: &str, verdict| case(name, OPTIONS, headers, b"", verdict);
    let described = |name, length: &str, body, verdict| {
        let kind = "CSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: ";
        case(name, INVITE, &format!("{kind}{length}\r\n"), body, verdict)
    };
    let nested = format!("OPTIONS sip:{}@x SIP/2.0", "(".repeat(20_000));
    let route = format!("CSeq: 1 OPTIONS\r\nRoute: {}\r\n", "<sip:a;lr>,".repeat(3_000));
    let many = format!("CSeq: 1 OPTIONS\r\n{}", "X: y\r\n".repeat(8_000));
    let huge = "CSeq: 1 OPTIONS\r\nContent-Length: 99999999999999999999\r\n";
    vec![
        options("no end of the headers", "CSeq: 1 OPTIONS", ANYTHING),
        options("CSeq of another method", "CSeq: 1 INVITE\r\n", BAD),
        options("CSeq is missing", "", BAD),
        options("a negative length", "CSeq: 1 OPTIONS\r\nContent-Length: -1\r\n", BAD),
        options("a length beyond numbers", huge, BAD),
        case("parentheses", &nested, "CSeq: 1 OPTIONS\r\n", b"", ANYTHING),
        options("a long way back", &route, ANYTHING),
        options("eight thousand headers", &many, ANYTHING),
        described("a description of nothing", "3", b"v=0", &[400, 488]),
        described("a description of bytes", "4", &[0xff, 0, 0xfe, 0x0a], &[400, 488]),
        case("an ACK for nothing", "ACK sip:b@x SIP/2.0", "CSeq: 1 ACK\r\n", b"", SILENCE),
        case("a CANCEL for nothing", "CANCEL sip:b@x SIP/2.0", "CSeq: 1 CANCEL\r\n", b"", &[481]),
    ]
}

/// A message that is whole but for what its case breaks.
fn own(number: usize, first: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let text = format!(
        "{first}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-own-{number}\r\n\
         From: <sip:a@example.net>;tag=a\r\nTo: <sip:b@example.net>\r\n\
         Call-ID: own-{number}\r\nMax-Forwards: 70\r\n{headers}\r\n"
    );
    [text.as_bytes(), body].concat()
}

/// Messages of our own.
#[test]
fn torture_of_our_own() -> anyhow::Result<()> {
    let mut rack = Rack::new(Block(222))?;
    let mut wrong = Vec::new();
    for (name, message, allowed) in NO_SIP {
        wrong.extend(rack.verdict(name, message, &("", allowed, "")).err());
    }
    for (number, (name, first, headers, body, allowed)) in nearly_sip().iter().enumerate() {
        let message = own(number, first, headers, body);
        wrong.extend(rack.verdict(name, &message, &("", allowed, "")).err());
    }
    let wrong: Vec<String> = wrong.iter().map(|error| format!("{error:#}")).collect();
    ensure!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), rack.host.log()?);
    rack.stop()
}

/// Over TCP a message ends where its Content-Length says, and whoever breaks that is hung up on.
#[test]
fn torture_over_tcp() -> anyhow::Result<()> {
    let mut rack = Rack::new(Block(223))?;
    let server = SocketAddr::new(rack.host.block.server(), 5060);
    let connect = || -> anyhow::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&server, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let whole = |number| own(number, OPTIONS, "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n", b"");
    let two = [whole(1), whole(2)].concat();

    let mut at_once = connect()?;
    at_once.write_all(&two)?;
    answers(&mut at_once, 2).context("two messages in one segment")?;

    let mut by_bytes = connect()?;
    for byte in &two {
        by_bytes.write_all(&[*byte])?;
    }
    answers(&mut by_bytes, 2).context("two messages byte by byte")?;

    let mut kept = connect()?;
    kept.write_all(b"\r\n\r\n")?;
    let mut pong = [0; 2];
    kept.read_exact(&mut pong).context("the answer to a keep-alive (RFC 5626 3.5.1)")?;
    ensure!(&pong == b"\r\n");
    kept.write_all(&whole(3))?;
    answers(&mut kept, 1).context("a message after a keep-alive")?;

    for (name, broken) in [
        ("a negative length", "CSeq: 1 OPTIONS\r\nContent-Length: -1\r\n"),
        ("a length beyond everything", "CSeq: 1 OPTIONS\r\nContent-Length: 4000000000\r\n"),
    ] {
        let mut stream = connect()?;
        stream.write_all(&own(4, OPTIONS, broken, b""))?;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).with_context(|| format!("{name} is hung up on"))?;
        rack.ask()?;
    }
    rack.stop()
}

/// Reads until so many responses have come.
fn answers(stream: &mut TcpStream, count: usize) -> anyhow::Result<()> {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while String::from_utf8_lossy(&text).matches("SIP/2.0 200 OK").count() < count {
        let length = stream.read(&mut buffer)?;
        ensure!(length > 0, "hung up after {}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&buffer[..length]);
    }
    Ok(())
}
