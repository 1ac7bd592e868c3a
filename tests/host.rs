//! One server under test. Each test has a block of loopback addresses to itself (127.10.N.x), so
//! that tests run side by side with the ports that a reader of a trace expects.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};

/// The server's address, the caller's, the far end's behind the trunk, and the first agent's,
/// within a test's block.
const SERVER: u8 = 1;
const CALLER: u8 = 3;
const FAR_END: u8 = 4;
const FIRST_AGENT: u8 = 10;

/// A block of loopback addresses.
#[derive(Clone, Copy, Debug)]
pub struct Block(pub u8);

impl Block {
    fn address(self, last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(127, 10, self.0, last))
    }

    /// Where the server listens for SIP (port 5060) and HTTP (port 8080).
    pub fn server(self) -> IpAddr {
        self.address(SERVER)
    }

    /// Where calls from the trunk come from.
    pub fn caller(self) -> IpAddr {
        self.address(CALLER)
    }

    /// Where the trunk takes calls.
    pub fn far_end(self) -> IpAddr {
        self.address(FAR_END)
    }

    /// The phone of the n-th agent.
    pub fn agent(self, index: u8) -> IpAddr {
        self.address(FIRST_AGENT + index)
    }
}

/// The blocks of the servers that run now: two tests with one block would each find the other's.
static IN_USE: Mutex<BTreeSet<u8>> = Mutex::new(BTreeSet::new());

/// Held while a process is started: until it runs its own program it has every socket that was
/// open here, also those that are closed meanwhile and whose ports the next one wants.
static STARTING: Mutex<()> = Mutex::new(());

/// Starts a process when no other one is being started.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn spawn(command: &mut Command) -> std::io::Result<Child> {
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    command.spawn()
}

/// A running server.
pub struct Host {
    child: Child,
    /// Its folder: configuration, database, journal.
    pub folder: tempfile::TempDir,
    /// Its addresses.
    pub block: Block,
}

impl Host {
    /// Starts the binary with the oracle's directory, altered by `alter`, and waits until it says
    /// that it takes calls. `further` is added to the configuration.
    ///
    /// # Errors
    /// When it does not start; the error holds what it printed.
    pub fn start(
        block: Block,
        further: &str,
        environment: &BTreeMap<String, String>,
        alter: impl FnOnce(&mut serde_json::Value),
    ) -> anyhow::Result<Self> {
        let alone = IN_USE.lock().unwrap_or_else(PoisonError::into_inner).insert(block.0);
        anyhow::ensure!(alone, "block {} is another test's", block.0);
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("directory.json"), directory(alter)?)?;
        std::fs::write(folder.path().join("tandem.toml"), configuration(block, &folder, further))?;
        prompts(folder.path())?;
        let child = launch(&folder, environment)?;
        Ok(Self { child, folder, block })
    }

    /// Starts the binary again in the folder of one that has ended.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        self.child = launch(&self.folder, &BTreeMap::new())?;
        Ok(())
    }

    /// The command that would start another server in this one's folder.
    ///
    /// # Errors
    /// When there is no binary.
    pub fn rival(&self) -> anyhow::Result<Command> {
        serve(&self.folder)
    }

    /// What the program prints, asked with these words about this server's configuration.
    ///
    /// # Errors
    /// When there is no binary.
    pub fn ask(&self, words: &[&str]) -> anyhow::Result<std::process::Output> {
        let mut command = Command::new(binary()?);
        command.args(words).arg("--config").arg(self.folder.path().join("tandem.toml"));
        Ok(command.current_dir(self.folder.path()).stdin(Stdio::null()).output()?)
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("tandem.db")
    }

    /// What the server has logged.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join("server.log"))?)
    }

    /// What HTTP answers to a GET, head and body.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn get(&self, path: &str) -> anyhow::Result<String> {
        self.request("GET", path, "")
    }

    /// The same to a PUT of this JSON.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn put(&self, path: &str, json: &str) -> anyhow::Result<String> {
        self.request("PUT", path, json)
    }

    /// The status and the JSON of the answer to a POST of this JSON.
    ///
    /// # Errors
    /// When it does not answer, or not with JSON.
    pub fn post(&self, path: &str, json: &str) -> anyhow::Result<(u16, serde_json::Value)> {
        let answer = self.request("POST", path, json)?;
        let status = answer.split(' ').nth(1).context("a status")?.parse()?;
        let (_, body) = answer.split_once("\r\n\r\n").context("a body")?;
        let body = if body.is_empty() { "null" } else { body };
        Ok((status, serde_json::from_str(body).with_context(|| answer.clone())?))
    }

    fn request(&self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        let address = SocketAddr::new(self.block.server(), 8080);
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Authorization: Bearer {ADMIN_KEY}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Sends a signal by name.
    ///
    /// # Errors
    /// When there is nobody to get it.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let process = self.child.id().to_string();
        let mut kill = Command::new("kill");
        let status = spawn(kill.arg(format!("-{name}")).arg(process))?.wait()?;
        anyhow::ensure!(status.success(), "kill -{name} failed");
        Ok(())
    }

    /// Waits for the server's end.
    ///
    /// # Errors
    /// When it does not end.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        wait(&mut self.child, Duration::from_secs(40))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        IN_USE.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.block.0);
    }
}

fn serve(folder: &tempfile::TempDir) -> anyhow::Result<Command> {
    let mut command = Command::new(binary()?);
    command.arg("serve").arg("--config").arg(folder.path().join("tandem.toml"));
    command.current_dir(folder.path()).stdin(Stdio::null());
    Ok(command)
}

/// Starts a server and waits for the line that says that it takes calls.
fn launch(
    folder: &tempfile::TempDir,
    environment: &BTreeMap<String, String>,
) -> anyhow::Result<Child> {
    let log = folder.path().join("server.log");
    let errors = std::fs::File::options().create(true).append(true).open(&log)?;
    let mut command = serve(folder)?;
    command.env("TANDEM_API_ADMIN_KEY", ADMIN_KEY);
    command.envs(environment).stdout(Stdio::piped()).stderr(errors);
    let mut child = spawn(&mut command)?;
    let stdout = child.stdout.take().context("the server's output")?;
    let mut lines = BufReader::new(stdout);
    let mut ready = String::new();
    lines.read_line(&mut ready)?;
    if !ready.contains("ready") {
        let status = child.wait()?;
        bail!("the server did not start ({status}): {ready}{}", std::fs::read_to_string(log)?);
    }
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = lines.read_to_end(&mut rest);
    });
    Ok(child)
}

/// Waits for a process, but not for ever.
///
/// # Errors
/// When the time is over: the process is killed then.
pub fn wait(child: &mut Child, limit: Duration) -> anyhow::Result<ExitStatus> {
    // One short wait for each look: a process that ends is seen within a hundredth of a second.
    let step = Duration::from_millis(10);
    for _ in 0..limit.as_millis() / step.as_millis() {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::park_timeout(step);
    }
    child.kill()?;
    bail!("a process did not end within {limit:?}")
}

/// The server's binary: `TANDEM_BIN`, or the one beside this test's.
fn binary() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("TANDEM_BIN") {
        return Ok(path.into());
    }
    let own = std::env::current_exe()?;
    let profile = own.parent().and_then(Path::parent).context("the folder of the build")?;
    let path = profile.join("tandem");
    anyhow::ensure!(path.exists(), "{} is not built: cargo build -p server", path.display());
    Ok(path)
}

/// The password of a user of the tests.
pub fn password(sip_username: &str) -> String {
    format!("secret-of-{sip_username}")
}

/// With which the tests read the API.
const ADMIN_KEY: &str = "the administrator's key of the tests";

/// The realm of the tests.
pub const DOMAIN: &str = "tandem.test";

fn directory(alter: impl FnOnce(&mut serde_json::Value)) -> anyhow::Result<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/oracle/directory.json");
    let mut directory: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    alter(&mut directory);
    for user in directory["users"].as_array_mut().context("users")? {
        let name = user["sip_username"].as_str().context("sip_username")?.to_owned();
        user["sip_password"] = password(&name).into();
    }
    Ok(serde_json::to_string_pretty(&directory)?)
}

/// Sound for every scenario: the prompt `second.wav`, a second of a tone, and `speech.ulaw`, two
/// seconds of what SIPp says.
fn prompts(folder: &Path) -> anyhow::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    std::fs::create_dir_all(folder.join("prompts"))?;
    let mut file = hound::WavWriter::create(folder.join("prompts/second.wav"), spec)?;
    for index in 0..8_000_u32 {
        // 500 Hz, as a square.
        file.write_sample(if index % 16 < 8 { 4_000_i16 } else { -4_000 })?;
    }
    file.finalize()?;
    let speech: Vec<u8> =
        (0..16_000).map(|index| if index % 16 < 8 { 0x9f } else { 0x1f }).collect();
    Ok(std::fs::write(folder.join("speech.ulaw"), speech)?)
}

fn configuration(block: Block, folder: &tempfile::TempDir, further: &str) -> String {
    let (server, caller, far_end) = (block.server(), block.caller(), block.far_end());
    let folder = folder.path().display();
    format!(
        r#"[server]
node = "tandem-test"
data_dir = "{folder}/var"
[database]
url = "sqlite://{folder}/tandem.db"
[sip]
listen = ["udp://{server}:5060", "tcp://{server}:5060"]
domain = "{DOMAIN}"
[media]
address = "{server}"
ports = "20000-20399"
[api]
listen = "{server}:8080"
[directory]
file = "{folder}/directory.json"
[[trunk]]
name = "carrier"
peers = ["{caller}", "{far_end}"]
outbound = "sip:{far_end}:5060"
country = "US"
{further}
"#
    )
}
