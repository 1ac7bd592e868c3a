//! One folder of `sip-scenarios/`: who calls, who is called, what SIPp plays them, what the
//! database must hold afterwards. The folder's `about.md` says what trouble it makes and whose
//! thread it comes from; `scenario.toml` is read here.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::compare;
use crate::database::Database;
use crate::host::{Block, Host};
use crate::player::{Part, Player, folder};
use crate::puppet::Puppet;
use crate::registration::register;

/// `scenario.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// The oracle's scenario whose rows must be stored, without its `.json`.
    pub oracle: Option<String>,
    /// The consultation was a call of its own until it was absorbed (D34): besides the oracle's
    /// rows there is `call_absorbed`, and whoever consulted had put the other on hold before.
    pub absorbed: bool,
    /// Added to the configuration.
    pub configuration: String,
    /// Environment of the server; `[far_end]` stands for that address.
    pub environment: BTreeMap<String, String>,
    /// Fields of IVRs to be set: people in the oracle ring for half a minute.
    pub ivr: BTreeMap<String, serde_json::Map<String, Value>>,
    /// Added to the directory of the oracle: entries of its lists, by id; an entry that is there
    /// gets the fields that are named.
    pub directory: Value,
    /// Who is registered, and what their phones do; `script` absent: registered, never rung.
    pub agent: Vec<Agent>,
    /// What stands behind the trunk: the first at port 5060, the next at 5070.
    pub far_end: Vec<FarEnd>,
    /// Who calls, one after another.
    pub caller: Vec<Caller>,
    /// What is ordered by the API, one after another, once everybody has begun to call.
    pub order: Vec<Order>,
    /// Queries on the database and the rows they must give.
    pub expect: Vec<Expectation>,
    /// Lines that `/metrics` must have at the end.
    pub metrics: Vec<String>,
    /// What the API must say at the end, before the server stops.
    pub seen: Vec<Seen>,
}

/// An order to the API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Is given when this query gives a row.
    pub after: Option<String>,
    /// What a call is to do: the path below `/api/v1/calls/{id}/`, of the first call there is.
    pub what: String,
    /// With what.
    #[serde(default)]
    pub with: serde_json::Map<String, Value>,
    /// The status of the answer; 200.
    #[serde(default = "good")]
    pub status: u16,
}

/// A resource of the API and what one place of it must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Its path.
    pub path: String,
    /// The place, as a JSON pointer.
    pub at: String,
    /// What is there.
    pub is: Value,
}

/// A query and what it must give.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// SQL, read only.
    pub query: String,
    /// The values of each row, joined by `|`.
    pub rows: Vec<String>,
}

/// A SIPp that calls.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// File in the folder, or in `parts/`.
    pub script: String,
    /// Keys of the script (`[name]` in it).
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// The user who calls; absent: somebody behind the trunk.
    pub user: Option<String>,
    /// Speaks TCP.
    #[serde(default)]
    pub tcp: bool,
    /// Calls only when this query gives a row.
    pub after: Option<String>,
    /// Calls it makes; 1.
    #[serde(default = "one")]
    pub calls: u32,
    /// How many of them it begins in a second; 10.
    #[serde(default = "ten")]
    pub rate: u32,
}

/// A SIPp that takes calls of the trunk.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FarEnd {
    /// File in the folder, or in `parts/`.
    pub script: String,
    /// Keys of the script.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
}

/// A user with a phone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// SIP username.
    pub user: String,
    /// What the phone does when it is called.
    pub script: Option<String>,
    /// Keys of the script.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// Calls it takes; 1. 0: as many as come; it is there until everybody else is done.
    #[serde(default = "one")]
    pub calls: u32,
    /// The phone is there and says nothing at all.
    #[serde(default)]
    pub silent: bool,
}

fn good() -> u16 {
    200
}

fn one() -> u32 {
    1
}

fn ten() -> u32 {
    10
}

/// A scenario on its own addresses, with a server that takes calls and phones that wait for them.
pub struct Stage {
    name: String,
    scenario: Scenario,
    /// The server.
    pub host: Host,
    /// Everybody whom SIPp plays, in the order in which they came.
    pub players: Vec<Player>,
    /// Phones that say nothing.
    silent: Vec<Puppet>,
}

/// Runs a folder of `sip-scenarios/` and compares what was stored.
///
/// # Errors
/// What went wrong: SIPp's trace, or every difference to what must be stored.
pub async fn run(name: &str, block: Block) -> anyhow::Result<()> {
    let mut stage = Stage::set(name, block)?;
    stage.call().await?;
    for index in 0..stage.scenario.order.len() {
        stage.give(&stage.scenario.order[index]).await?;
    }
    stage.finish().await
}

impl Stage {
    /// Starts the server and the phones; nobody calls yet.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn set(name: &str, block: Block) -> anyhow::Result<Self> {
        let name = name.replace('_', "-");
        let file = folder().join(&name).join("scenario.toml");
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let scenario: Scenario = toml::from_str(&text).with_context(|| name.clone())?;
        let mut environment = scenario.environment.clone();
        for value in environment.values_mut() {
            *value = value.replace("[far_end]", &block.far_end().to_string());
        }
        // Texts would take as long as they are, and only where something can speak them.
        environment.entry("TANDEM_PROMPTS__SPEAK".to_owned()).or_default();
        let host = Host::start(block, &scenario.configuration, &environment, |directory| {
            set_ivrs(directory, &scenario.ivr);
            add(directory, &scenario.directory);
        })?;
        let mut stage = Self { name, scenario, host, players: Vec::new(), silent: Vec::new() };
        for (index, agent) in stage.scenario.agent.iter().enumerate() {
            let address = block.agent(u8::try_from(index)?);
            register(block, address, &agent.user)?;
            if agent.silent {
                stage.silent.push(Puppet::new(block, address, 5060)?);
            }
            let Some(script) = &agent.script else { continue };
            let part = Part {
                who: agent.user.clone(),
                scenario: &stage.name,
                script,
                keys: &agent.keys,
                user: Some(&agent.user),
                address,
                port: 5060,
                calls: agent.calls,
                rate: ten(),
                tcp: false,
            };
            stage.players.push(Player::start(&part, &stage.host)?);
        }
        for (index, FarEnd { script, keys }) in stage.scenario.far_end.iter().enumerate() {
            let part = Part {
                who: format!("far-end-{}", index + 1),
                scenario: &stage.name,
                script,
                keys,
                user: None,
                address: block.far_end(),
                port: 5060 + 10 * u16::try_from(index)?,
                calls: 1,
                rate: ten(),
                tcp: false,
            };
            stage.players.push(Player::start(&part, &stage.host)?);
        }
        Ok(stage)
    }

    /// Lets everybody call who calls.
    ///
    /// # Errors
    /// When a SIPp does not start, or what a caller waits for does not come.
    pub async fn call(&mut self) -> anyhow::Result<()> {
        for index in 0..self.scenario.caller.len() {
            self.call_by(index).await?;
        }
        Ok(())
    }

    /// Lets one caller call.
    ///
    /// # Errors
    /// As [`Stage::call`].
    pub async fn call_by(&mut self, index: usize) -> anyhow::Result<()> {
        let caller = &self.scenario.caller[index];
        if let Some(query) = &caller.after {
            self.until(query).await?;
        }
        let block = self.host.block;
        let place = u8::try_from(index)?;
        let address = match &caller.user {
            Some(_) => block.agent(100 + place),
            None => block.caller(),
        };
        let part = Part {
            who: format!("caller-{}", index + 1),
            scenario: &self.name,
            script: &caller.script,
            keys: &caller.keys,
            user: caller.user.as_deref(),
            address,
            port: 5060 + 10 * u16::from(place),
            calls: caller.calls,
            rate: caller.rate,
            tcp: caller.tcp,
        };
        self.players.push(Player::start(&part, &self.host)?);
        Ok(())
    }

    async fn give(&self, order: &Order) -> anyhow::Result<()> {
        if let Some(query) = &order.after {
            self.until(query).await?;
        }
        let with = serde_json::to_string(&order.with)?;
        self.order(&order.what, &with, order.status).await?;
        Ok(())
    }

    /// Orders something of the first call, with this JSON; what the API answers.
    ///
    /// # Errors
    /// When the status is another one.
    pub async fn order(&self, what: &str, with: &str, status: u16) -> anyhow::Result<Value> {
        let call = self.line("SELECT id FROM call ORDER BY initiated_at, rowid LIMIT 1").await?;
        let path = format!("/api/v1/calls/{call}/{what}");
        let (found, answer) = self.host.post(&path, with)?;
        ensure!(found == status, "{}: {found} to {what} {with}: {answer}", self.name);
        Ok(answer)
    }

    /// The first line of what a query gives.
    ///
    /// # Errors
    /// When it gives none within ten seconds.
    pub async fn line(&self, query: &str) -> anyhow::Result<String> {
        self.until(query).await?;
        let mut database = Database::open(&self.host.database()).await?;
        database.lines(query).await?.into_iter().next().context("a row")
    }

    /// Waits until a query on the database gives a row.
    ///
    /// # Errors
    /// When it does not within ten seconds.
    pub async fn until(&self, query: &str) -> anyhow::Result<()> {
        let mut database = Database::open(&self.host.database()).await?;
        for _ in 0..1000 {
            if !database.rows(query).await?.is_empty() {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
        bail!("{}: {query} gives no row\n{}", self.name, self.host.log()?)
    }

    /// Waits for the end of every part.
    ///
    /// # Errors
    /// Those who did not see what their script expects.
    pub fn over(&mut self) -> anyhow::Result<()> {
        let mut trouble = Vec::new();
        for mut player in self.players.drain(..).rev() {
            if let Err(error) = player.over() {
                trouble.push(error.to_string());
            }
        }
        ensure!(trouble.is_empty(), "{}:\n{}\n{}", self.name, trouble.join("\n"), self.host.log()?);
        Ok(())
    }

    /// Waits for the end of every part, stops the server and compares what was stored.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn finish(mut self) -> anyhow::Result<()> {
        self.over()?;
        self.measures(&self.scenario.metrics)?;
        self.scenario.seen.iter().try_for_each(|seen| self.sees(seen))?;
        // A stop waits for nothing but what is being written: every call is over.
        self.host.signal("TERM")?;
        let status = self.host.wait()?;
        ensure!(status.success(), "the server ended with {status}\n{}", self.host.log()?);
        self.check().await
    }

    /// Waits until `/metrics` has these lines: counters are published a few times a second.
    ///
    /// # Errors
    /// When it does not get them.
    pub fn measures(&self, lines: &[String]) -> anyhow::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        for _ in 0..100 {
            text = self.host.get("/metrics")?;
            if lines.iter().all(|line| text.lines().any(|found| found == line)) {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        bail!("{}: {lines:?} in\n{text}", self.name)
    }

    /// Waits until the API says what it must: its snapshots are made a few times a second.
    ///
    /// # Errors
    /// When it does not say it.
    pub fn sees(&self, Seen { path, at, is }: &Seen) -> anyhow::Result<()> {
        let mut answer = String::new();
        for _ in 0..100 {
            answer = self.host.get(path)?;
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let document: Option<Value> = serde_json::from_str(body).ok();
            if document.and_then(|document| document.pointer(at).cloned()).as_ref() == Some(is) {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        bail!("{}: {at} of {path} must be {is}, in\n{answer}", self.name)
    }

    /// Compares what a server that has ended has stored, and looks through its log.
    ///
    /// # Errors
    /// Every difference.
    pub async fn check(&self) -> anyhow::Result<()> {
        let log = self.host.log()?;
        let trouble = self.differences().await?;
        ensure!(trouble.is_empty(), "{}:\n{}\n{log}", self.name, trouble.join("\n"));
        ensure!(!log.contains("ERROR"), "{}: the server logged an error:\n{log}", self.name);
        // Every number of the scenarios begins like this: none may stand in a log at INFO.
        ensure!(!log.contains("+1555"), "{}: a number in the log:\n{log}", self.name);
        // Nor may a name.
        for name in ["Ana Agent", "Ben Baker", "Cat Cole", "Mia Missed", "Carl", "Dora"] {
            ensure!(!log.contains(name), "{}: a name in the log:\n{log}", self.name);
        }
        Ok(())
    }

    async fn differences(&self) -> anyhow::Result<Vec<String>> {
        let mut database = Database::open(&self.host.database()).await?;
        let mut trouble = database.violations().await?;
        for Expectation { query, rows } in &self.scenario.expect {
            let found = database.lines(query).await?;
            if found != *rows {
                trouble.push(format!("{query}\n  must give {rows:?}, gave {found:?}"));
            }
        }
        for file in database.lines("SELECT file FROM voicemail WHERE deleted_at IS NULL").await? {
            let path = self.host.folder.path().join("var/recordings").join(&file);
            if std::fs::metadata(&path).map_or(true, |found| found.len() < 1_000) {
                trouble.push(format!("{file}: no sound of this message"));
            }
        }
        if let Some(oracle) = &self.scenario.oracle {
            trouble.extend(unlike_so(oracle, self.scenario.absorbed, &mut database).await?);
        }
        Ok(trouble)
    }
}

/// How the one call of a database, and its conversations, differ from a scenario of the oracle.
///
/// # Errors
/// When one of the two cannot be read.
pub async fn unlike(name: &str, database: &mut Database) -> anyhow::Result<Vec<String>> {
    unlike_so(name, false, database).await
}

async fn unlike_so(
    name: &str,
    absorbed: bool,
    database: &mut Database,
) -> anyhow::Result<Vec<String>> {
    let graphs = database.graphs().await?;
    let [stored] = graphs.as_slice() else {
        return Ok(vec![format!("one call must be handed off, not {}", graphs.len())]);
    };
    let id = stored["call_id"].as_str().unwrap_or_default();
    let conversations = database.conversations(id).await?;
    let oracle = oracle(name)?;
    let (graph, expected) = (&oracle["graph"], &oracle["expect"]["conversations"]);
    let mut stored = stored.clone();
    let mut trouble = Vec::new();
    if absorbed {
        trouble.extend(compare::without_absorption(&mut stored));
    }
    let stored = &stored;
    trouble.extend(compare::graphs(graph, stored));
    trouble.extend(compare::conversations(expected, &conversations, (graph, stored)));
    Ok(trouble)
}

fn oracle(name: &str) -> anyhow::Result<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("data/oracle/{name}.json"));
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

fn set_ivrs(directory: &mut Value, fields: &BTreeMap<String, serde_json::Map<String, Value>>) {
    for ivr in directory["ivrs"].as_array_mut().into_iter().flatten() {
        let Some(fields) = ivr["id"].as_str().and_then(|id| fields.get(id)) else { continue };
        for (key, value) in fields {
            ivr[key] = value.clone();
        }
    }
}

fn add(directory: &mut Value, further: &Value) {
    for (list, entries) in further.as_object().into_iter().flatten() {
        let Some(entries) = entries.as_array() else {
            set(&mut directory[list], entries);
            continue;
        };
        for entry in entries {
            let known = directory[list].as_array_mut().into_iter().flatten();
            let key = if list == "lookups" { "e164" } else { "id" };
            match known.into_iter().find(|known| known[key] == entry[key]) {
                Some(known) => set(known, entry),
                None => directory[list].as_array_mut().into_iter().for_each(|all| {
                    all.push(entry.clone());
                }),
            }
        }
    }
}

fn set(entry: &mut Value, fields: &Value) {
    for (key, value) in fields.as_object().into_iter().flatten() {
        entry[key] = value.clone();
    }
}
