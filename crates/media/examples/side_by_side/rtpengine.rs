//! rtpengine without its kernel module, told by its control protocol: bencoded dictionaries over
//! UDP, each with a cookie before it.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::System;

pub(crate) struct Rtpengine {
    process: Child,
    control: UdpSocket,
    calls: usize,
}

pub(crate) fn start() -> Result<Rtpengine, Box<dyn Error>> {
    let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = taken.local_addr()?.port();
    drop(taken);
    let listen = format!("--listen-ng=127.0.0.1:{port}");
    let arguments = [
        "--foreground",
        "--table=-1",
        "--interface=127.0.0.1",
        &listen,
        "--port-min=30000",
        "--port-max=49999",
        "--log-level=3",
        "--log-stderr",
    ];
    std::process::Command::new("rtpengine").arg("--version").output()?;
    let mut command = crate::on_first_core("rtpengine", &arguments);
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    control.connect((Ipv4Addr::LOCALHOST, port))?;
    control.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut rtpengine = Rtpengine { process, control, calls: 0 };
    for _ in 0..50 {
        if rtpengine.ask(&dictionary(&[("command", "ping")])).is_ok() {
            return Ok(rtpengine);
        }
        pause();
    }
    Err("it does not answer".into())
}

impl Rtpengine {
    fn ask(&mut self, request: &str) -> Result<String, Box<dyn Error>> {
        self.calls += 1;
        let cookie = format!("c{} ", self.calls);
        let mut answer = vec![0; 65_536];
        for _ in 0..5 {
            // Nobody may be there yet.
            if self.control.send(format!("{cookie}{request}").as_bytes()).is_err() {
                pause();
                continue;
            }
            while let Ok(len) = self.control.recv(&mut answer) {
                let text = String::from_utf8_lossy(&answer[..len]).into_owned();
                if let Some(answer) = text.strip_prefix(&cookie) {
                    return Ok(answer.to_owned());
                }
            }
        }
        Err("no answer".into())
    }
}

impl System for Rtpengine {
    fn name(&self) -> &'static str {
        "rtpengine"
    }

    fn call(&mut self, [a, b]: [SocketAddr; 2]) -> Result<[SocketAddr; 2], Box<dyn Error>> {
        let id = format!("call-{}", self.calls);
        let (from_a, from_b) = (description(a), description(b));
        let offer = [("call-id", &*id), ("command", "offer"), ("from-tag", "a"), ("sdp", &*from_a)];
        let for_b = port(&self.ask(&dictionary(&offer))?)?;
        let answer = [
            ("call-id", &*id),
            ("command", "answer"),
            ("from-tag", "a"),
            ("sdp", &*from_b),
            ("to-tag", "b"),
        ];
        let for_a = port(&self.ask(&dictionary(&answer))?)?;
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok([at(for_a), at(for_b)])
    }

    fn process(&self) -> &Child {
        &self.process
    }
}

impl Drop for Rtpengine {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Another program is starting: nothing of it can be waited for.
#[expect(clippy::disallowed_methods, reason = "no event tells that another program is ready")]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

/// Keys must be sorted.
fn dictionary(entries: &[(&str, &str)]) -> String {
    let entry = |(key, value): &(&str, &str)| format!("{}:{key}{}:{value}", key.len(), value.len());
    format!("d{}e", entries.iter().map(entry).collect::<String>())
}

fn description(at: SocketAddr) -> String {
    let (address, port) = (at.ip(), at.port());
    format!(
        "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=rtcp-mux\r\na=sendrecv\r\n"
    )
}

fn port(answer: &str) -> Result<u16, Box<dyn Error>> {
    let (_, rest) = answer.split_once("m=audio ").ok_or_else(|| answer.to_owned())?;
    Ok(rest.split(' ').next().unwrap_or_default().parse()?)
}
