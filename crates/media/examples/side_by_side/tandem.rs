//! Tandem's media plane in a process of its own: a line with two addresses comes in, a line with
//! two ports goes out.

use std::error::Error;
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{TrySendError, sync_channel};
use std::time::Duration;

use call::port::{Encoding, Format, Formats, LegId, MediaCommand, MediaEvent, RemoteMedia};
use media::{MediaConfig, MediaPlane};

use crate::System;

pub(crate) struct Tandem {
    process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

pub(crate) fn start() -> Result<Tandem, Box<dyn Error>> {
    let own = std::env::current_exe()?;
    let own = own.to_str().ok_or("this program's path is no text")?;
    let mut command = crate::on_first_core(own, &["serve"]);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let asks = process.stdin.take().ok_or("no input")?;
    let mut answers = BufReader::new(process.stdout.take().ok_or("no output")?);
    answers.read_line(&mut String::new())?;
    Ok(Tandem { process, asks, answers })
}

impl System for Tandem {
    fn name(&self) -> &'static str {
        "tandem"
    }

    fn call(&mut self, [a, b]: [SocketAddr; 2]) -> Result<[SocketAddr; 2], Box<dyn Error>> {
        writeln!(self.asks, "{a} {b}")?;
        self.asks.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let (a, b) = line.trim().split_once(' ').ok_or("two ports")?;
        let at = |port: &str| Ok::<_, Box<dyn Error>>((Ipv4Addr::LOCALHOST, port.parse()?).into());
        Ok([at(a)?, at(b)?])
    }

    fn process(&self) -> &Child {
        &self.process
    }
}

impl Drop for Tandem {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The other process: opens a call for each line.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let (sender, events) = sync_channel(1024);
    let sink = move |event| match sender.try_send(event) {
        Err(TrySendError::Full(event)) => Err(event),
        Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
    };
    let config = MediaConfig { ports: "10000-29999".parse()?, ..MediaConfig::default() };
    let plane = MediaPlane::start(config, sink)?;
    let mut stock = Vec::new();
    println!("ready");
    let mut legs = 0;
    for line in stdin().lock().lines() {
        let line = line?;
        let mut ports = Vec::new();
        for end in line.split(' ') {
            let rtp: SocketAddr = end.parse()?;
            while stock.is_empty() {
                if let MediaEvent::Stock(pairs) = events.recv_timeout(Duration::from_secs(5))? {
                    stock.extend(pairs);
                }
            }
            let pair = stock.pop().ok_or("no ports")?;
            legs += 1;
            let leg = LegId(legs);
            let rtcp = SocketAddr::new(rtp.ip(), rtp.port());
            let remote = RemoteMedia { rtp, rtcp, rtcp_mux: true };
            plane.command(MediaCommand::Open { leg, ports: pair })?;
            plane.command(MediaCommand::Remote { leg, remote })?;
            plane.command(MediaCommand::Formats { leg, formats: g711() })?;
            ports.push(pair.rtp.to_string());
        }
        plane.command(MediaCommand::Bridge { a: LegId(legs - 1), b: LegId(legs) })?;
        while let Ok(event) = events.try_recv() {
            if let MediaEvent::Stock(pairs) = event {
                stock.extend(pairs);
            }
        }
        println!("{}", ports.join(" "));
        stdout().flush()?;
    }
    Ok(())
}

fn g711() -> Formats {
    let pcmu = Format { payload: 0, encoding: Encoding::Pcmu, clock_rate: 8000, channels: 1 };
    let event =
        Format { payload: 101, encoding: Encoding::TelephoneEvent, clock_rate: 8000, channels: 1 };
    let formats: Arc<[Format]> = vec![pcmu, event].into();
    Formats { receive: formats.clone(), send: formats, packet_ms: 20 }
}
