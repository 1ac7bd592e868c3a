//! `tandem route explain`: where a call from one number to another would go at some time, and why.
//! The production engine routes it; nothing rings, and nothing is written.

mod rehearsal;

use std::collections::{BTreeSet, VecDeque};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use acd::Floor;
use call::Mailboxes;
use call::port::{Arrival, Caller, Destination, Digit, LegId};
use clap::{Args, Subcommand};
use jiff::{Timestamp, civil};
use model::call_graph::event::Party;
use model::directory::{Assignment, Directory};
use model::phone::Dialled;
use model::{E164, Millis, Now, TrunkId, UserId};
use serde::Serialize;
use store::{Database, Repository as _};
use switch::Restored;

use self::rehearsal::{End, Line, Rehearsal, Suppositions};
use super::block_on;
use super::import::scratch_folder;
use crate::clock::Clock;
use crate::config::{self, Config, Environment};
use crate::directory_file;
use crate::failure::Failure;
use crate::run::{call_settings, opening};

/// How calls are routed
#[derive(Debug, Args)]
pub struct Route {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Say where a call would go and why; nothing rings
    Explain(Explain),
}

#[derive(Debug, Args)]
struct Explain {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Who calls: a number, a user's SIP name, or `anonymous`
    #[arg(long, value_name = "NUMBER")]
    from: String,
    /// Who is called: one of our numbers, or a user's SIP name
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// When: `2026-12-24T10:15` on the organisation's clock, or with an
    /// offset; now where nothing is said
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// What the caller presses, e.g. `2` or `12#`
    #[arg(long, value_name = "DIGITS", default_value = "")]
    digits: String,
    /// The user (id or SIP name) who answers when he is rung; nobody where none is named
    #[arg(long, value_name = "USER")]
    answered_by: Option<String>,
    /// Suppose that every user has a registered telephone and wants calls; else those who do now
    #[arg(long)]
    all_registered: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Route {
    /// Runs the command.
    ///
    /// # Errors
    /// A wrong configuration, number or time, and a database that cannot be read.
    pub fn run(&self, environment: &dyn Environment, out: &mut impl Write) -> Result<(), Failure> {
        let Question::Explain(explain) = &self.question;
        explain.run(environment, out)
    }
}

impl Explain {
    fn run(&self, environment: &dyn Environment, out: &mut impl Write) -> Result<(), Failure> {
        let mut config = config::load(&self.config, environment)
            .map_err(|refusal| Failure::Input(refusal.problems))?;
        let clock = Clock::start();
        let Known { directory, registered, timezone, mut restored } =
            block_on(read(&config, clock))?;
        config.ivr.timezone = timezone;
        let at = self.time(&config, clock.now().wall)?;
        let directory = Arc::new(directory);
        let question = self.question(&config, &directory)?;
        let digits = self.digits()?;
        let answers = self.answered_by.as_deref().map(|name| user(&directory, name)).transpose()?;
        let settings = call_settings(&config);
        let (floor, mailboxes) = self.house(&config, &directory, &registered, &mut restored, at);
        let suppositions = Suppositions { at, digits, answers };
        let rehearsal = Rehearsal::new(&directory, &settings, floor, mailboxes, suppositions);
        let (lines, end) = rehearsal.run(|leg| question.arrival(leg, &config));
        let title = format!("{} → {} at {}", self.from, self.to, shown_time(&config, at));
        if self.json {
            let report = Report::of(&title, &lines, &end);
            serde_json::to_writer_pretty(&mut *out, &report).map_err(std::io::Error::from)?;
            writeln!(out)?;
            return Ok(());
        }
        writeln!(out, "{title}")?;
        for line in &lines {
            let decision = &line.decision;
            let after = line.after.as_secs_f64();
            let (rule, subject) = (decision.rule.as_str(), &decision.subject);
            writeln!(out, "{after:8.1} s  {rule:<12} {subject:<20} {}", decision.verdict)?;
        }
        writeln!(out, "  → {}", shown_end(&directory, &end))?;
        Ok(())
    }

    fn time(&self, config: &Config, now: Millis) -> Result<Millis, Failure> {
        let Some(text) = &self.at else {
            return Ok(now);
        };
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Millis(instant.as_millisecond()));
        }
        let zone = config.ivr.zone();
        let local = text.parse::<civil::DateTime>().ok().and_then(|time| time.to_zoned(zone).ok());
        local.map(|time| Millis(time.timestamp().as_millisecond())).ok_or_else(|| {
            let cause = format!("--at: `{text}` is no time");
            Failure::argument(cause, "write e.g. 2026-12-24T10:15 or 2026-12-24T10:15+01:00")
        })
    }

    fn digits(&self) -> Result<VecDeque<Digit>, Failure> {
        self.digits.chars().map(Digit::new).collect::<Option<_>>().ok_or_else(|| {
            let cause = format!("--digits: `{}` are no keys of a telephone", self.digits);
            Failure::argument(cause, "use 0-9, * and #")
        })
    }

    /// Agents and mailboxes as a server that starts now would have them.
    fn house(
        &self,
        config: &Config,
        directory: &Arc<Directory>,
        registered: &BTreeSet<UserId>,
        restored: &mut Restored,
        at: Millis,
    ) -> (Floor, Mailboxes) {
        let now = Now { mono: std::time::Duration::ZERO, wall: at };
        let (mut floor, mut mailboxes) = (Floor::new(), Mailboxes::default());
        floor.set_people(directory, &crate::run::agent_defaults(config), now);
        if self.all_registered {
            restored.agents.iter_mut().for_each(|agent| agent.availability = None);
        }
        restored.fill(now, &mut floor, &mut mailboxes);
        for user in directory.users() {
            if self.all_registered || registered.contains(&user.id) {
                floor.set_registered(&user.id, true, now);
            }
        }
        (floor, mailboxes)
    }

    fn question(&self, config: &Config, directory: &Directory) -> Result<Called, Failure> {
        let country = config.trunks.iter().find_map(|trunk| trunk.country.as_deref());
        let caller = match directory.user_by_sip_username(&self.from) {
            Some(user) => From::User(user.id.clone(), user.sip_username.clone()),
            None if self.from == "anonymous" => From::Outside(None),
            None => match Dialled::read(&self.from, country) {
                Dialled::Number(number) => From::Outside(Some(number)),
                Dialled::ShortCode(_) | Dialled::NotANumber => {
                    let cause = format!("--from: `{}` is no number and no user", self.from);
                    return Err(Failure::argument(cause, "write e.g. +15557770001"));
                }
            },
        };
        if let Some(user) = directory.user_by_sip_username(&self.to) {
            let destination = Destination::User(user.id.clone());
            return Ok(Called { caller, destination, to: user.sip_username.clone() });
        }
        let number = match Dialled::read(&self.to, country) {
            Dialled::Number(number) => number,
            Dialled::ShortCode(_) | Dialled::NotANumber => {
                let cause = format!("--to: `{}` is no number and no user", self.to);
                return Err(Failure::argument(cause, "write e.g. +15550200001"));
            }
        };
        let destination = match (directory.number_by_e164(&number), &caller) {
            (Some(own), From::Outside(_)) => Destination::Number(own.id.clone()),
            (Some(own), From::User(..)) => match &own.assignment {
                Assignment::User(user) => Destination::User(user.clone()),
                Assignment::Group(..) => Destination::Group(own.id.clone()),
            },
            (None, From::Outside(_)) => Destination::Unknown,
            (None, From::User(..)) => {
                let cause = format!("--to: {number} is none of our numbers");
                let remedy = "calls of users to numbers outside go to a trunk: nothing is decided";
                return Err(Failure::argument(cause, remedy));
            }
        };
        Ok(Called { caller, destination, to: number.as_str().into() })
    }
}

/// Who calls.
enum From {
    User(UserId, Arc<str>),
    Outside(Option<E164>),
}

/// Who calls whom.
struct Called {
    caller: From,
    destination: Destination,
    to: Arc<str>,
}

impl Called {
    fn arrival(self, leg: LegId, config: &Config) -> Arrival {
        let (caller, from_number) = match self.caller {
            From::User(user, name) => (Caller::User(user), Some(name)),
            From::Outside(number) => {
                let shown = number.as_ref().map(|number| number.as_str().into());
                let trunk = config.trunks.first().map_or("trunk", |trunk| &trunk.name);
                let trunk = TrunkId::from(trunk);
                (Caller::External { trunk, number, text: None, display_name: None }, shown)
            }
        };
        Arrival {
            leg,
            caller,
            destination: self.destination,
            from_number,
            to_number: Some(self.to),
            sip_call_id: "rehearsal".into(),
            node: config.server.node.clone(),
        }
    }
}

/// What is known without a server that runs.
struct Known {
    directory: Directory,
    /// Who has a registered telephone.
    registered: BTreeSet<UserId>,
    /// The organisation's time zone.
    timezone: Arc<str>,
    /// What a server would put back.
    restored: Restored,
}

async fn read(config: &Config, clock: Clock) -> Result<Known, Failure> {
    let failed = |error: store::Error| Failure::of_database(&error);
    // Nothing is written, and least of all another schema under a server that runs.
    let scratch = scratch_folder(!config.database.path().exists())?;
    let url = match &scratch {
        Some(folder) => format!("sqlite://{}", folder.path().join("tandem.db").display()),
        None => config.database.url.clone(),
    };
    let database = Database::open(&url).await.map_err(failed)?;
    if scratch.is_some() {
        database.migrate().await.map_err(failed)?;
    } else if !database.is_current().await.map_err(failed)? {
        let cause = "the database schema is not current";
        return Err(Failure::environment(cause, "run tandem migrate first"));
    }
    let mut timezone = opening::timezone(&database, config).await.map_err(failed)?;
    let mut directory = database.load_directory(&config.sip.domain).await.map_err(failed)?;
    // What the file says now holds for the question, whether it was applied already or not.
    if let Some(file) = &config.directory {
        let (read, problems) = directory_file::load(file, Some(&config.sip.domain));
        let read = read.ok_or(Failure::Input(problems))?;
        read.content.add_to(&mut directory);
        timezone = read.content.settings.timezone.map_or(timezone, Arc::from);
    }
    let now = clock.now().wall;
    let restored = opening::restored(&database, &timezone, now).await.map_err(failed)?;
    let bindings = database.load_bindings(now).await.map_err(failed)?;
    let registered = bindings.into_iter().map(|(user, _)| user).collect();
    Ok(Known { directory, registered, timezone, restored })
}

fn user(directory: &Directory, name: &str) -> Result<UserId, Failure> {
    let by_id = directory.user(&UserId::from(name));
    by_id.or_else(|| directory.user_by_sip_username(name)).map(|user| user.id.clone()).ok_or_else(
        || {
            let cause = format!("--answered-by: there is no user `{name}`");
            Failure::argument(cause, "name a user by id or SIP name")
        },
    )
}

fn shown_time(config: &Config, at: Millis) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(instant) => {
            let local = instant.to_zoned(config.ivr.zone());
            format!("{} ({})", local.strftime("%a %Y-%m-%d %H:%M:%S"), config.ivr.timezone)
        }
        Err(_) => format!("{} ms", at.0),
    }
}

fn shown_end(directory: &Directory, end: &End) -> String {
    let name = |user: &UserId| match directory.user(user) {
        Some(known) => format!("{} ({user})", known.display_name),
        None => user.to_string(),
    };
    match end {
        End::Answered(Party::User { user, .. }) => format!("talks with {}", name(user)),
        End::Answered(Party::External { number, text, .. }) => {
            let number = number.as_ref().map(E164::as_str);
            format!("talks with {}", number.or(text.as_deref()).unwrap_or("somebody outside"))
        }
        End::Over(ended) => {
            let mut text = format!("over: {}", ended.outcome);
            if let Some(owner) = &ended.missed_call_owner {
                text.push_str(&format!(", missed call of {}", name(owner)));
            }
            if let Some(group) = &ended.missed_call_owner_group {
                text.push_str(&format!(", missed call of group {group}"));
            }
            text
        }
        End::Waits => "waits for what does not come by itself (an agent, a digit)".to_owned(),
    }
}

/// The answer of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    question: &'a str,
    decisions: Vec<DecisionDto<'a>>,
    end: EndDto<'a>,
}

#[derive(Serialize)]
struct DecisionDto<'a> {
    after_ms: u64,
    rule: &'static str,
    subject: &'a str,
    verdict: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum EndDto<'a> {
    Answered { user: Option<&'a str>, number: Option<&'a str> },
    Over { outcome: &'static str, missed_call_owner: Option<&'a str> },
    Waits,
}

impl<'a> Report<'a> {
    fn of(question: &'a str, lines: &'a [Line], end: &'a End) -> Self {
        let decision = |line: &'a Line| DecisionDto {
            after_ms: u64::try_from(line.after.as_millis()).unwrap_or(u64::MAX),
            rule: line.decision.rule.as_str(),
            subject: &line.decision.subject,
            verdict: &line.decision.verdict,
        };
        let end = match end {
            End::Answered(Party::User { user, .. }) => {
                EndDto::Answered { user: Some(user.as_str()), number: None }
            }
            End::Answered(Party::External { number, text, .. }) => EndDto::Answered {
                user: None,
                number: number.as_ref().map(E164::as_str).or(text.as_deref()),
            },
            End::Over(ended) => EndDto::Over {
                outcome: ended.outcome.as_str(),
                missed_call_owner: ended.missed_call_owner.as_ref().map(UserId::as_str),
            },
            End::Waits => EndDto::Waits,
        };
        Self { question, decisions: lines.iter().map(decision).collect(), end }
    }
}
