//! `tandem key`: who may use the API. A key is shown once, when it is made; the database holds its
//! SHA-256. A key belongs to one user, or to an administrator.

use std::io::Write;
use std::path::PathBuf;

use api::{NewKey, key_name, new_id};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use model::{Millis, UserId};
use serde::Serialize;
use store::Database;
use store::access::{ApiKey, KeyScope};
use store::repository::Repository as _;

use super::{block_on, open_database};
use crate::clock::Clock;
use crate::config::{self, Config, Environment};
use crate::failure::Failure;

/// Keys of the HTTP API
#[derive(Debug, Args)]
pub struct Key {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(subcommand)]
    work: Work,
}

#[derive(Debug, Subcommand)]
enum Work {
    /// Make a key; it is shown now and never again
    Create(Create),
    /// Name the keys, without what would let anybody use them
    List(List),
    /// A key may not be used any more
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Create {
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// The user (id or SIP name) for whom it may act
    #[arg(long, value_name = "USER", conflicts_with = "admin", required_unless_present = "admin")]
    user: Option<String>,
    /// It may do everything
    #[arg(long)]
    admin: bool,
}

#[derive(Debug, Args)]
struct List {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Revoke {
    /// Its id, as `list` shows it
    #[arg(value_name = "ID")]
    id: String,
}

impl Key {
    /// Runs the command.
    ///
    /// # Errors
    /// A wrong configuration, a user or key that is not there, and a database that cannot be used.
    pub fn run(&self, environment: &dyn Environment, out: &mut impl Write) -> Result<(), Failure> {
        let config = config::load(&self.config, environment)
            .map_err(|refusal| Failure::Input(refusal.problems))?;
        let clock = Clock::start();
        match &self.work {
            Work::Create(create) => {
                let text = block_on(create.make(&config, clock))?;
                writeln!(out, "{text}")?;
            }
            Work::List(list) => {
                let keys = block_on(async {
                    let database = open_database(&config, clock).await?;
                    database.api_keys().await.map_err(|error| Failure::of_database(&error))
                })?;
                list.print(&keys, out)?;
            }
            Work::Revoke(revoke) => {
                block_on(revoke.carry_out(&config, clock))?;
                writeln!(out, "{} may not be used any more", revoke.id)?;
            }
        }
        Ok(())
    }
}

impl Create {
    async fn make(&self, config: &Config, clock: Clock) -> Result<String, Failure> {
        let failed = |error: store::Error| Failure::of_database(&error);
        let name = key_name(&self.name).map_err(|what| {
            Failure::argument(format!("--name: {what}"), "say in one line whose or what the key is")
        })?;
        let database = open_database(config, clock).await?;
        let user = match &self.user {
            Some(name) => Some(find_user(&database, config, name).await?),
            None => None,
        };
        let now = clock.now().wall;
        let no_chance =
            || Failure::environment("the system gives no random numbers", "try again in a while");
        let key = NewKey::random().ok_or_else(no_chance)?;
        let row = ApiKey {
            id: new_id(now).ok_or_else(no_chance)?,
            name: name.to_owned(),
            scope: if user.is_some() { KeyScope::User } else { KeyScope::Admin },
            user,
            created_at: now,
            revoked_at: None,
        };
        database.create_api_key(&row, &key.sha256()).await.map_err(failed)?;
        Ok(key.text().to_owned())
    }
}

async fn find_user(database: &Database, config: &Config, name: &str) -> Result<UserId, Failure> {
    let directory = database.load_directory(&config.sip.domain).await;
    let directory = directory.map_err(|error| Failure::of_database(&error))?;
    let user = directory.user(&UserId::from(name));
    let user = user.or_else(|| directory.user_by_sip_username(name));
    user.map(|user| user.id.clone()).ok_or_else(|| {
        let cause = format!("--user: there is no user `{name}`");
        Failure::argument(cause, "name a user by id or SIP name")
    })
}

impl Revoke {
    async fn carry_out(&self, config: &Config, clock: Clock) -> Result<(), Failure> {
        let database = open_database(config, clock).await?;
        let revoked = database.revoke_api_key(&self.id, clock.now().wall).await;
        if revoked.map_err(|error| Failure::of_database(&error))? {
            return Ok(());
        }
        let cause = format!("there is no key `{}` that may be used", self.id);
        Err(Failure::argument(cause, "tandem key list names them"))
    }
}

/// A key as `--json` prints it.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    name: &'a str,
    scope: &'static str,
    user_id: Option<&'a str>,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl List {
    fn print(&self, keys: &[ApiKey], out: &mut impl Write) -> Result<(), Failure> {
        if self.json {
            let shown: Vec<Shown<'_>> = keys.iter().map(Shown::of).collect();
            serde_json::to_writer_pretty(&mut *out, &shown).map_err(std::io::Error::from)?;
            writeln!(out)?;
            return Ok(());
        }
        for key in keys {
            let whose = key.user.as_ref().map_or("administrator", |user| user.as_str());
            let state = match key.revoked_at {
                Some(at) => format!("revoked {}", day(at)),
                None => format!("since {}", day(key.created_at)),
            };
            writeln!(out, "{}  {whose:<16}  {state}  {}", key.id, key.name)?;
        }
        Ok(())
    }
}

impl<'a> Shown<'a> {
    fn of(key: &'a ApiKey) -> Self {
        Self {
            id: &key.id,
            name: &key.name,
            scope: key.scope.as_str(),
            user_id: key.user.as_ref().map(|user| user.as_str()),
            created_at: key.created_at.0,
            revoked_at: key.revoked_at.map(|at| at.0),
        }
    }
}

fn day(at: Millis) -> String {
    Timestamp::from_millisecond(at.0)
        .map_or_else(|_| at.0.to_string(), |time| time.strftime("%Y-%m-%d").to_string())
}
