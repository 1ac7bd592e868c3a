//! The real binary on free loopback ports, with users and numbers to call, and what the kernel
//! says of its process.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context as _;

use super::counter::Counter;
use super::program::{self, Program};

/// Source addresses: the trunk's makes it a trunk, the phones' is nobody's.
const TRUNK: &str = "127.0.0.3";
const PHONE: &str = "127.0.0.2";

/// A running server and the program that calls through it.
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    sip: u16,
    api: u16,
    users: u32,
    load: Program,
}

impl Server {
    /// Starts a server with so many registered users; under `counter` if there is one, else on one
    /// core if `pinned`.
    pub(super) fn start(
        users: u32,
        counter: Option<Counter>,
        pinned: bool,
    ) -> anyhow::Result<Self> {
        let load = program::example("phone", "load")?;
        let server = Self::launch(&directory(users), load, users, counter, pinned)?;
        server.load(&["register", &users.to_string()])?;
        Ok(server)
    }

    /// Starts a server with a directory whose users `load` plays, all or none of them.
    pub(super) fn open(directory: &str, load: Program, users: u32) -> anyhow::Result<Self> {
        Self::launch(directory, load, users, None, false)
    }

    fn launch(
        directory: &str,
        load: Program,
        users: u32,
        counter: Option<Counter>,
        pinned: bool,
    ) -> anyhow::Result<Self> {
        let tandem = program::server()?;
        let folder = std::env::temp_dir().join(format!("tandem-bench-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("var"))?;
        let [sip, api] = [free_port()?, free_port()?];
        std::fs::write(folder.join("directory.toml"), directory)?;
        std::fs::write(folder.join("tandem.toml"), configuration(&folder, sip, api))?;
        let mut command = match counter {
            Some(counter) => counter.command(tandem.path(), &[]),
            None if pinned => {
                let mut command = Command::new("taskset");
                command.args(["-c", "0"]).arg(tandem.path());
                command
            }
            None => Command::new(tandem.path()),
        };
        let log = std::fs::File::create(folder.join("log"))?;
        let command = command.arg("serve").arg("--config").arg(folder.join("tandem.toml"));
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().context("no server")?;
        let ready = child.stdout.take().map(|out| BufReader::new(out).lines().next());
        let server = Self { child, folder, sip, api, users, load };
        let ready = ready.flatten().context("the server did not start")??;
        anyhow::ensure!(ready.contains("ready"), "the server said {ready}");
        Ok(server)
    }

    /// Runs the load program to its end; its last line.
    pub(super) fn load(&self, what: &[&str]) -> anyhow::Result<String> {
        let ends = self.ends();
        let mut arguments: Vec<&str> = ends.iter().map(String::as_str).collect();
        arguments.extend(what);
        self.load.run(&arguments)
    }

    /// Starts the load program in its holding form.
    pub(super) fn hold(&self, rate: u32, count: u32) -> anyhow::Result<Holding> {
        let mut command = Command::new(self.load.path());
        command.args(self.ends()).args(["hold", &rate.to_string(), &count.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("no pipe")?;
        let output = BufReader::new(child.stdout.take().context("no pipe")?);
        let mut holding = Holding { child, input, output };
        holding.await_word("held")?;
        Ok(holding)
    }

    fn ends(&self) -> [String; 4] {
        [
            format!("127.0.0.1:{}", self.sip),
            format!("{TRUNK}:0"),
            format!("{PHONE}:{}", self.sip),
            self.users.to_string(),
        ]
    }

    /// CPU time of all its threads so far, in seconds: user and system.
    pub(super) fn cpu_s(&self) -> anyhow::Result<(f64, f64)> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name may hold blanks; it ends with the last parenthesis. Fields 14 and 15 of proc(5).
        let (_, rest) = stat.rsplit_once(')').context("no stat")?;
        let ticks: Vec<f64> =
            rest.split_whitespace().skip(11).take(2).flat_map(str::parse).collect();
        let [user, system] = ticks[..] else { anyhow::bail!("no CPU times in {stat}") };
        // USER_HZ is 100 on every Linux that Rust runs on.
        Ok((user / 100.0, system / 100.0))
    }

    /// Its proportional share of memory, in KiB.
    pub(super) fn pss_kib(&self) -> anyhow::Result<f64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = std::fs::read_to_string(path)?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.context("no Pss")?.parse().context("Pss is no number")
    }

    /// What `/metrics` says now.
    pub(super) fn metrics(&self) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.api))?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: bench.test\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        anyhow::ensure!(
            text.starts_with("HTTP/1.") && text.contains(" 200 "),
            "no metrics: {text}"
        );
        Ok(text)
    }

    /// The file of its database.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("var/tandem.db")
    }

    /// Asks it to stop and waits for that; its log.
    pub(super) fn stop(mut self) -> anyhow::Result<String> {
        let process = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &process]).status()?;
        anyhow::ensure!(asked.success(), "the server cannot be stopped");
        // It stops by itself: what it drains is over, and draining has a limit.
        self.child.wait()?;
        let log = std::fs::read(self.folder.join("log"))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that was stopped is gone; one that a failed stage left behind must go.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Calls that stay until they are told to end.
pub(super) struct Holding {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Holding {
    /// Sends audio both ways on every call.
    pub(super) fn talk(&mut self) -> anyhow::Result<()> {
        self.input.write_all(b"\n")?;
        self.await_word("heard")
    }

    /// Ends the calls; the load program's last line.
    pub(super) fn end(mut self) -> anyhow::Result<String> {
        self.input.write_all(b"\n")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        self.child.wait()?;
        Ok(line)
    }

    fn await_word(&mut self, word: &str) -> anyhow::Result<()> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        anyhow::ensure!(line.trim() == word, "the load program said {line:?}, not {word}");
        Ok(())
    }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn configuration(folder: &std::path::Path, sip: u16, api: u16) -> String {
    let folder = folder.display();
    format!(
        "[server]\nnode = \"bench\"\ndata_dir = \"{folder}/var\"\n\
         [database]\nurl = \"sqlite://{folder}/var/tandem.db\"\n\
         [sip]\nlisten = [\"udp://127.0.0.1:{sip}\"]\ndomain = \"bench.test\"\n\
         [media]\naddress = \"127.0.0.1\"\nports = \"10000-32000\"\n\
         [api]\nlisten = \"127.0.0.1:{api}\"\n[directory]\nfile = \"directory.toml\"\n\
         [[trunk]]\nname = \"carrier\"\npeers = [\"{TRUNK}\"]\n\
         outbound = [\"sip:{TRUNK}:5099\"]\ncountry = \"DE\"\n"
    )
}

fn directory(users: u32) -> String {
    let mut text = String::new();
    for user in 0..users {
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "[[users]]\nid = \"u{user}\"\ndisplay_name = \"User {user}\"\n\
             sip_username = \"u{user}\"\nsip_password = \"secret\"\n\
             [[numbers]]\nid = \"n{user}\"\ne164 = \"+49301{user:07}\"\n\
             assigned_user_id = \"u{user}\"",
        );
    }
    text
}
