//! A SIPp that plays a part: a caller, an agent's phone, the far end of the trunk. Scripts are
//! templates: every `[key]` of the scenario is put in before SIPp reads them, because SIPp itself
//! takes no keywords in attributes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::host::{Host, password, spawn, wait};

/// How long a part may take before the test gives it up.
const LIMIT: Duration = Duration::from_secs(30);

/// What a script may leave open and a scenario need not say.
const DEFAULTS: [(&str, &str); 6] = [
    ("ring_ms", "100"),
    ("answer_ms", "200"),
    ("talk_ms", "300"),
    ("hold_ms", "300"),
    ("wait_ms", "100"),
    ("digits", ""),
];

/// What a script says where keys are pressed: `<press keys="12,#"/>`, a comma for a pause.
const PRESS: &str = "<press keys=\"";

/// One key by INFO, in a dialog whose last message was a response.
const KEY: &str = r#"<send retrans="500">
    <![CDATA[

      INFO [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-k[n]
      [last_From:]
      [last_To:]
      Call-ID: [call_id]
      CSeq: [n] INFO
      Max-Forwards: 70
      Content-Type: application/dtmf-relay
      Content-Length: [len]

      Signal=[key]
      Duration=160

    ]]>
  </send>
  <recv response="200"/>
"#;

/// A comma's.
const PAUSE: &str = "<pause milliseconds=\"250\"/>\n";

/// The folder of the scenarios.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sip-scenarios")
}

/// What a SIPp is told.
pub struct Part<'a> {
    /// Who it is, in messages of the test.
    pub who: String,
    /// The scenario's folder.
    pub scenario: &'a str,
    /// File in that folder, or in `parts/`.
    pub script: &'a str,
    /// Values of the script's keys.
    pub keys: &'a BTreeMap<String, String>,
    /// SIP user name, for `[user]` and for challenges.
    pub user: Option<&'a str>,
    /// Where it sends from and listens.
    pub address: IpAddr,
    /// The same.
    pub port: u16,
    /// Calls it makes or takes; 0: any number, until it is stopped.
    pub calls: u32,
    /// How many it begins in a second.
    pub rate: u32,
    /// Speaks TCP.
    pub tcp: bool,
}

/// A running SIPp; dropped, it is killed.
pub struct Player {
    child: Child,
    who: String,
    /// Takes calls until it is stopped.
    endless: bool,
    script: PathBuf,
    messages: PathBuf,
    errors: PathBuf,
}

impl Player {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When there is no such script, or no SIPp.
    pub fn start(part: &Part<'_>, host: &Host) -> anyhow::Result<Self> {
        let work = host.folder.path();
        let file = |kind: &str| work.join(format!("{}.{kind}", part.who));
        let script = file("xml");
        std::fs::write(&script, filled(part)?)?;
        let address = part.address.to_string();
        let user = part.user.unwrap_or("nobody");
        let calls = if part.calls == 0 { u32::MAX } else { part.calls };
        let mut command = Command::new("sipp");
        command.arg(format!("{}:5060", host.block.server())).arg("-sf").arg(&script);
        command.args(["-i", &address, "-mi", &address, "-p", &part.port.to_string()]);
        command.args(["-mp", &(part.port + 1000).to_string(), "-m", &calls.to_string()]);
        command.args(["-r", &part.rate.to_string()]);
        command.args(["-t", if part.tcp { "t1" } else { "u1" }, "-nostdin"]);
        command.args(["-timeout", "25s", "-timeout_error"]);
        command.args(["-au", user, "-ap", &password(user)]);
        command.arg("-trace_err").arg("-error_file").arg(file("errors"));
        command.arg("-trace_msg").arg("-message_file").arg(file("messages"));
        command.current_dir(work).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = spawn(&mut command).context("sipp (package sip-tester) cannot be run")?;
        let mut player = Self {
            child,
            who: part.who.clone(),
            endless: part.calls == 0,
            script,
            messages: file("messages"),
            errors: file("errors"),
        };
        if !part.tcp {
            player.listening(part.address, part.port)?;
        }
        Ok(player)
    }

    /// SIPp says nowhere that it listens, so the system is asked which ports are bound. Trying the
    /// port would now and then take it from SIPp.
    fn listening(&mut self, address: IpAddr, port: u16) -> anyhow::Result<()> {
        let IpAddr::V4(address) = address else { anyhow::bail!("{address} is in no block") };
        let entry = format!(" {:08X}:{port:04X} ", u32::from_ne_bytes(address.octets()));
        for _ in 0..2500 {
            let over = self.child.try_wait()?.is_some();
            if over || std::fs::read_to_string("/proc/net/udp")?.contains(&entry) {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(2));
        }
        anyhow::bail!("{} does not listen", self.who)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it did not see what its script expects; the error holds its trace.
    pub fn over(&mut self) -> anyhow::Result<()> {
        if self.endless {
            return Ok(());
        }
        let status = wait(&mut self.child, LIMIT);
        let good = status.as_ref().is_ok_and(std::process::ExitStatus::success);
        ensure!(
            good,
            "{} ({}): {status:?}\n{}\n{}",
            self.who,
            self.script.display(),
            text(&self.errors),
            text(&self.messages)
        );
        Ok(())
    }

    /// Everything it has sent and received so far, as SIPp writes it.
    pub fn messages(&self) -> String {
        text(&self.messages)
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn filled(part: &Part<'_>) -> anyhow::Result<String> {
    let own = folder().join(part.scenario).join(part.script);
    let file = if own.exists() { own } else { folder().join("parts").join(part.script) };
    let mut text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    for (key, value) in part.keys {
        text = text.replace(&format!("[{key}]"), value);
    }
    for (key, value) in DEFAULTS.into_iter().chain(part.user.map(|user| ("user", user))) {
        text = text.replace(&format!("[{key}]"), value);
    }
    Ok(pressed(&text))
}

/// The script with its keys in it; requests after them have numbers from 500 on.
fn pressed(script: &str) -> String {
    let mut parts = script.split(PRESS);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut number = 100;
    for part in parts {
        let (keys, rest) = part.split_once("\"/>").unwrap_or((part, ""));
        for key in keys.chars() {
            number += 1;
            text += &match key {
                ',' => PAUSE.to_owned(),
                _ => KEY.replace("[n]", &number.to_string()).replace("[key]", &key.to_string()),
            };
        }
        text += rest;
    }
    text
}

fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}
