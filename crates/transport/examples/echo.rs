//! Sends OPTIONS from one transport to another over loopback and answers each with 200, as many
//! as asked for: what `cargo xtask bench transport` counts. Usage: `echo udp|tcp COUNT`.

use std::error::Error;

use bytes::Bytes;
use sip::flow::{Flow, TransportKind};
use sip::message::{Message, ResponseBuilder, StatusCode};
use tokio::sync::mpsc;
use transport::{Inbound, Limits, Listen, Listeners, Transport};

const REQUEST: &str = "OPTIONS sip:bench@127.0.0.1 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK776asdhds;rport\r\n\
    Max-Forwards: 70\r\n\
    To: <sip:bench@127.0.0.1>\r\n\
    From: Bench <sip:bench@127.0.0.1>;tag=1928301774\r\n\
    Call-ID: a84b4c76e66710\r\n\
    CSeq: 63104 OPTIONS\r\n\
    Contact: <sip:bench@127.0.0.1>\r\n\
    Accept: application/sdp\r\n\
    Content-Length: 0\r\n\r\n";
/// Requests under way at one time.
const WINDOW: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [transport, count] = &arguments[..] else {
        return Err("echo udp|tcp COUNT".into());
    };
    let transport = TransportKind::from_token(transport).ok_or("udp or tcp")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(transport, count.parse()?))
}

async fn run(transport: TransportKind, count: usize) -> Result<(), Box<dyn Error>> {
    let (caller, mut answers, near) = node(transport)?;
    let (server, mut requests, far) = node(transport)?;
    let flow = Flow { transport, local: near, remote: far, connection: 0 };
    let (mut asked, mut answered) = (0, 0);
    while answered < count {
        while asked < count && asked - answered < WINDOW {
            caller.send(flow, Bytes::from_static(REQUEST.as_bytes()));
            asked += 1;
        }
        tokio::select! {
            Some(inbound) = requests.recv() => answer(&server, inbound),
            Some(_) = answers.recv() => answered += 1,
        }
    }
    Ok(())
}

type Node = (Transport, mpsc::Receiver<Inbound>, std::net::SocketAddr);

fn node(transport: TransportKind) -> Result<Node, Box<dyn Error>> {
    let listeners = Listeners::bind(&[Listen { transport, address: "127.0.0.1:0".parse()? }])?;
    let local = listeners.bound().first().ok_or("nothing bound")?.address;
    let (sender, inbound) = mpsc::channel(1_024);
    Ok((Transport::serve(listeners, Limits::default(), sender), inbound, local))
}

fn answer(server: &Transport, inbound: Inbound) {
    if let Inbound::Message { flow, message: Message::Request(request) } = inbound {
        let response = ResponseBuilder::to(&request, StatusCode::OK).build(None);
        server.send(flow, response.to_bytes());
    }
}
