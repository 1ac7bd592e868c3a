//! A server with prompts to play and phones that talk, and what it kept of their calls.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{bail, ensure};
use audio::codec::CodecKind;
use e2e::database::Database;
use e2e::host::{Block, Host};
use serde_json::{Value, json};

use super::phone::{Clock, Place, Talker};
use super::voice::{Pcm, RATE, Voice};

/// How long a row or a line of `/metrics` may take to come.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

/// What the server is told beyond the ordinary.
#[derive(Default)]
pub(crate) struct Setting {
    /// Added to the configuration; `[prompts]/` stands for the folder of the prompts.
    pub(crate) configuration: String,
    /// Its environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// WAV files of the prompts folder, by name, with their sound.
    pub(crate) prompts: Vec<(&'static str, Pcm)>,
    /// Users beyond the oracle's, each with a number: how many.
    pub(crate) users: u8,
    /// Rows beyond the oracle's, by list.
    pub(crate) rows: Vec<(&'static str, Value)>,
    /// Fields of a number, an IVR or a group, by its id.
    pub(crate) fields: Vec<(&'static str, &'static str, Value)>,
}

/// A server, and the places of phones.
pub(crate) struct Stage {
    pub(crate) host: Host,
    pub(crate) clock: Clock,
    _prompts: tempfile::TempDir,
}

/// The number of one of the further users.
pub(crate) fn number(user: u8) -> String {
    format!("+155503{user:05}")
}

/// The SIP name of one of them.
pub(crate) fn name(user: u8) -> String {
    format!("p{user}")
}

impl Stage {
    /// Starts a server.
    pub(crate) fn set(block: Block, setting: Setting) -> anyhow::Result<Self> {
        let prompts = tempfile::tempdir()?;
        for (name, pcm) in &setting.prompts {
            let file = prompts.path().join(name);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            write_wav(&file, pcm)?;
        }
        let folder = prompts.path().display();
        let mut further = setting.configuration.clone();
        if !further.contains("[prompts]") {
            further += "\n[prompts]\n";
        }
        let section = format!("[prompts]\nfolder = \"{folder}\"\nmusic = \"{folder}/music\"\n");
        let further = further.replace("[prompts]\n", &section);
        let further = further.replace("[prompts]/", &format!("{folder}/"));
        let host = Host::start(block, &further, &setting.environment, |directory| {
            for user in 1..=setting.users {
                add_user(directory, user);
            }
            for (list, row) in &setting.rows {
                directory[list].as_array_mut().into_iter().for_each(|all| all.push(row.clone()));
            }
            for (id, field, value) in &setting.fields {
                set_field(directory, id, field, value);
            }
        })?;
        Ok(Self { host, clock: Clock::start(), _prompts: prompts })
    }

    fn place(&self, sip: SocketAddr, media_port: u16) -> Place {
        Place { sip, media_port, server: SocketAddr::new(self.host.block.server(), 5060) }
    }

    /// A user's phone that says only after this time that it rings.
    pub(crate) async fn slow_agent(
        &self,
        index: u8,
        user: &str,
        rings_after: Duration,
    ) -> anyhow::Result<Talker> {
        let talker = self.agent(index, user, Voice::of(CodecKind::Pcmu)).await?;
        talker.rings_late(rings_after);
        Ok(talker)
    }

    /// Somebody behind the trunk: the first, the second …
    pub(crate) async fn outside(&self, index: u8, voice: Voice) -> anyhow::Result<Talker> {
        let index = u16::from(index);
        let sip = SocketAddr::new(self.host.block.caller(), 5060 + index);
        Talker::outside(self.place(sip, 7000 + 2 * index), voice, self.clock).await
    }

    /// A user's phone at the n-th place of agents, registered.
    pub(crate) async fn agent(
        &self,
        index: u8,
        user: &str,
        voice: Voice,
    ) -> anyhow::Result<Talker> {
        self.agent_renumbered(index, user, voice, None).await
    }

    /// The same with a number of its own for telephone-event in its answers.
    pub(crate) async fn agent_renumbered(
        &self,
        index: u8,
        user: &str,
        voice: Voice,
        renumbered: Option<u8>,
    ) -> anyhow::Result<Talker> {
        let sip = SocketAddr::new(self.host.block.agent(index), 5060);
        Talker::user(user, self.place(sip, 7000), voice, renumbered, self.clock).await
    }

    /// The rows of a query, as soon as there are so many.
    pub(crate) async fn rows(&self, query: &str, count: usize) -> anyhow::Result<Vec<Value>> {
        let mut database = Database::open(&self.host.database()).await?;
        let mut rows = Vec::new();
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            rows = database.rows(query).await?;
            if rows.len() >= count {
                return Ok(rows);
            }
            self.pause().await;
        }
        bail!("{query} must give {count} rows, gave {rows:#?}\n{}", self.host.log()?)
    }

    /// The rows of a query as they are now, values joined by `|`.
    pub(crate) async fn lines(&self, query: &str) -> anyhow::Result<Vec<String>> {
        Database::open(&self.host.database()).await?.lines(query).await
    }

    /// Waits until so many calls are finished.
    pub(crate) async fn finished(&self, calls: usize) -> anyhow::Result<()> {
        self.rows("SELECT id FROM call WHERE state = 'finished'", calls).await.map(drop)
    }

    /// A number of `/metrics`, as soon as it is what it should be.
    pub(crate) async fn metric(
        &self,
        name: &str,
        good: impl Fn(f64) -> bool,
    ) -> anyhow::Result<f64> {
        let mut text = String::new();
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            text = self.host.get("/metrics")?;
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            let found = lines.filter_map(|line| line.rsplit_once(' ')).find(|it| it.0 == name);
            if let Some(value) = found.and_then(|it| it.1.parse().ok()).filter(|it| good(*it)) {
                return Ok(value);
            }
            self.pause().await;
        }
        let family = name.split('_').take(2).collect::<Vec<_>>().join("_");
        let near: Vec<&str> = text.lines().filter(|line| line.starts_with(&family)).collect();
        bail!("no good {name} in\n{}", near.join("\n"))
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, is: impl Fn() -> bool) -> anyhow::Result<()> {
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            if is() {
                return Ok(());
            }
            self.pause().await;
        }
        bail!("no {what}\n{}", self.host.log()?)
    }

    async fn pause(&self) {
        tokio::time::sleep_until(tokio::time::Instant::now() + LOOK).await;
    }

    /// Where recordings are.
    pub(crate) fn recordings(&self) -> PathBuf {
        self.host.folder.path().join("var/recordings")
    }

    /// Stops the server; what it stored must add up, and its log must be without an error and
    /// without a number.
    pub(crate) async fn finish(self) -> anyhow::Result<()> {
        self.finish_with(&[]).await
    }

    /// The same, and the one call must be that of the oracle's scenario.
    pub(crate) async fn finish_as(mut self, oracle: &str) -> anyhow::Result<()> {
        self.stop(&[])?;
        let mut database = Database::open(&self.host.database()).await?;
        let mut trouble = database.violations().await?;
        trouble.extend(e2e::scenario::unlike(oracle, &mut database).await?);
        ensure!(trouble.is_empty(), "{oracle}:\n{}\n{}", trouble.join("\n"), self.host.log()?);
        Ok(())
    }

    /// The same, where these texts may stand in lines with an error.
    pub(crate) async fn finish_with(mut self, errors: &[&str]) -> anyhow::Result<()> {
        self.stop(errors)?;
        let violations = Database::open(&self.host.database()).await?.violations().await?;
        ensure!(violations.is_empty(), "{violations:#?}\n{}", self.host.log()?);
        Ok(())
    }

    /// Stops the server, and looks through its log.
    fn stop(&mut self, errors: &[&str]) -> anyhow::Result<()> {
        self.host.signal("TERM")?;
        let status = self.host.wait()?;
        let log = self.host.log()?;
        ensure!(status.success(), "the server ended with {status}\n{log}");
        let bad = |line: &&str| {
            line.contains("ERROR") && !errors.iter().any(|allowed| line.contains(allowed))
        };
        let bad: Vec<&str> = log.lines().filter(bad).collect();
        ensure!(bad.is_empty(), "the server logged an error: {bad:?}\n{log}");
        ensure!(!log.contains("+1555"), "a number in the log:\n{log}");
        Ok(())
    }
}

fn add_user(directory: &mut Value, user: u8) {
    let (id, name) = (format!("u-p{user}"), name(user));
    let password = e2e::host::password(&name);
    let person = json!({"id": id, "display_name": name, "sip_username": name,
        "sip_password": password});
    let number = json!({"id": format!("n-p{user}"), "e164": number(user), "assigned_user_id": id});
    for (list, row) in [("users", person), ("numbers", number)] {
        if let Some(rows) = directory[list].as_array_mut() {
            rows.push(row);
        }
    }
}

fn set_field(directory: &mut Value, id: &str, field: &str, value: &Value) {
    for list in ["users", "groups", "ivrs", "numbers"] {
        for row in directory[list].as_array_mut().into_iter().flatten() {
            if row["id"] == id {
                row[field] = value.clone();
            }
        }
    }
}

fn write_wav(file: &Path, pcm: &[i16]) -> anyhow::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec)?;
    for sample in pcm {
        writer.write_sample(*sample)?;
    }
    Ok(writer.finalize()?)
}
