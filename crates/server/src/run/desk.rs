//! Between the loop and what lies beside it: lookups, notices by mail, and what the API wants of
//! the core. The loop puts things on the desk and takes answers from it, and never waits for
//! anybody: what does not fit is dropped where it comes from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use acd::statistics::Wallboard;
use api::{CoreCommand, CoreLink, OrderAnswer};
use call::port::{LookedUp, OrderId};
use jiff::tz::TimeZone;
use model::call_graph::words::CallOutcome;
use model::call_graph::{CallEvent, Recorded};
use model::directory::{Directory, KnownRecord};
use model::voicemail::{VoiceMessage, VoicemailChange};
use model::{CallId, E164, Millis};
use store::Database;
use store::repository::Repository as _;
use switch::{Effect, Input, Switch};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::outside::lookup::{self, Answer, Lookups, Question};
use crate::outside::mail::{self, Outbox};
use crate::outside::notices;
use crate::outside::seldom::Seldom;
use crate::run::recordings;

/// How often the wallboard is renewed.
const BOARD: Duration = Duration::from_millis(500);

/// Notices that wait for their rows; more are dropped.
const NOTICES: usize = 256;

/// How often the directory is read again for what lookups have found: calls that come before that
/// ask once more.
const LEARNT: Duration = Duration::from_secs(10);

/// What lookups have found and the database has not yet; more is found again.
const LESSONS: usize = 256;

/// How often, and how many times, a missed call's rows are looked for.
const LOOK: Duration = Duration::from_millis(200);
const LOOKS: u32 = 50;

/// The loop's side.
pub(super) struct Desk {
    lookups: Option<Lookups>,
    found: mpsc::Receiver<(CallId, LookedUp)>,
    notices: Option<mpsc::Sender<Notice>>,
    complaints: Seldom,
    commands: mpsc::Receiver<CoreCommand>,
    /// Who waits for what became of his order.
    orders: BTreeMap<OrderId, oneshot::Sender<OrderAnswer>>,
    last_order: u64,
    board: watch::Sender<Arc<Wallboard>>,
    /// When to renew the wallboard; `None`: nothing has happened since.
    board_due: Option<Instant>,
}

/// What lies on the desk for the core.
pub(super) enum Told {
    /// What a lookup found.
    Found(CallId, LookedUp),
    /// What the API wants.
    Command(CoreCommand),
}

/// Something that people may want to be told.
struct Notice {
    about: About,
    directory: Arc<Directory>,
}

enum About {
    Missed(CallId),
    Message(VoiceMessage),
}

/// The other side: what runs beside the records.
pub(super) struct Services {
    /// Asks for the directory to be read again.
    reload: mpsc::Sender<()>,
    lookups: Option<(lookup::Service, mpsc::Sender<(CallId, LookedUp)>)>,
    mail: Option<(mpsc::Receiver<Notice>, Outbox, mail::Postman)>,
    totals: OutsideTotals,
    zone: TimeZone,
    recordings: PathBuf,
}

/// What the services have counted; those of a service that is not configured stay 0.
#[derive(Clone, Debug, Default)]
pub(super) struct OutsideTotals {
    pub(super) lookups: Arc<lookup::Totals>,
    pub(super) mails: Arc<mail::Totals>,
}

/// Both sides, and the API's way to the core.
pub(super) fn desk(
    config: &Config,
    reload: mpsc::Sender<()>,
) -> Result<(Desk, Services, CoreLink), Failure> {
    let refused = |error: &dyn std::fmt::Display| {
        Failure::environment(error, "check [lookup] and [smtp] of the configuration")
    };
    let mut totals = OutsideTotals::default();
    let (lookups, service) = match &config.lookup {
        Some(lookup) => {
            let (lookups, service) =
                lookup::service(lookup.clone()).map_err(|error| refused(&error))?;
            totals.lookups = lookups.totals().clone();
            (Some(lookups), Some(service))
        }
        None => (None, None),
    };
    let (answers, found) = mpsc::channel(64);
    let (notices, mail) = match &config.smtp {
        Some(smtp) => {
            let (outbox, postman) = mail::postman(smtp).map_err(|error| refused(&error))?;
            totals.mails = outbox.totals().clone();
            let (sender, receiver) = mpsc::channel(NOTICES);
            (Some(sender), Some((receiver, outbox, postman)))
        }
        None => (None, None),
    };
    let (commands_in, commands) = mpsc::channel(64);
    let nothing = Wallboard { at: Millis(0), groups: Vec::new(), agents: Vec::new() };
    let (board, boards) = watch::channel(Arc::new(nothing));
    let complaints = Seldom::default();
    let board_due = Some(Instant::now());
    let desk = Desk {
        lookups,
        found,
        notices,
        complaints,
        commands,
        orders: BTreeMap::new(),
        last_order: 0,
        board,
        board_due,
    };
    let services = Services {
        reload,
        lookups: service.map(|service| (service, answers)),
        mail,
        totals,
        zone: config.ivr.zone(),
        recordings: recordings::folder(&config.server.data_dir),
    };
    Ok((desk, services, CoreLink { commands: commands_in, wallboard: boards }))
}

impl Services {
    /// What they count.
    pub(super) fn totals(&self) -> &OutsideTotals {
        &self.totals
    }
}

impl Desk {
    /// What lies there; waits until something does.
    pub(super) async fn next(&mut self) -> Told {
        loop {
            tokio::select! {
                Some((call, found)) = self.found.recv() => return Told::Found(call, found),
                Some(command) = self.commands.recv() => return Told::Command(command),
                else => std::future::pending().await,
            }
        }
    }

    /// Remembers who wants to know what becomes of an order. All are answered in the step in which
    /// they are given, so that no more wait than one batch has.
    fn note(&mut self, reply: oneshot::Sender<OrderAnswer>) -> OrderId {
        self.last_order += 1;
        let order = OrderId(self.last_order);
        self.orders.insert(order, reply);
        order
    }

    /// Tells who gave an order; what was recorded of it is durable.
    pub(super) fn answered(&mut self, order: OrderId, answer: OrderAnswer) {
        if let Some(reply) = self.orders.remove(&order) {
            // Whoever asked may be gone; what he wanted is done all the same.
            let _ = reply.send(answer);
        }
    }

    /// Asks who has a number.
    pub(super) fn look_up(&self, call: CallId, number: E164) {
        if let Some(lookups) = &self.lookups {
            lookups.ask(Question { call, number });
        }
    }

    /// Tells people of a missed call.
    pub(super) fn recorded(&mut self, recorded: &Recorded, directory: &Arc<Directory>) {
        if let CallEvent::Ended(ended) = &recorded.event
            && ended.outcome == CallOutcome::Missed
        {
            self.notice(About::Missed(recorded.call.clone()), directory);
        }
    }

    /// Tells people of a voice message.
    pub(super) fn voicemail(&mut self, change: &VoicemailChange, directory: &Arc<Directory>) {
        if let VoicemailChange::Left(message) = change {
            self.notice(About::Message(message.clone()), directory);
        }
    }

    fn notice(&mut self, about: About, directory: &Arc<Directory>) {
        if let Some(notices) = &self.notices
            && notices.try_send(Notice { about, directory: directory.clone() }).is_err()
            && let Some(before) = self.complaints.again(Instant::now())
        {
            tracing::warn!(before, "a notification was dropped: too many wait");
        }
    }

    /// Renews the wallboard if it is time; what happened now is on it within [`BOARD`].
    pub(super) fn touch(&mut self, happened: bool, switch: &Switch, clock: Clock) {
        let now = Instant::now();
        match self.board_due {
            None => self.board_due = happened.then(|| now + BOARD),
            Some(due) if due <= now => {
                let board = switch.wallboard(clock.now());
                // Who waits waits longer and longer without anything happening.
                let goes_on = board.groups.iter().any(|group| group.waiting > 0);
                self.board_due = goes_on.then(|| now + BOARD);
                self.board.send_replace(Arc::new(board));
            }
            Some(_) => {}
        }
    }

    /// When to renew it next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.board_due
    }
}

/// Gives the core what was told; answers the API.
pub(super) fn tell(
    desk: &mut Desk,
    switch: &mut Switch,
    told: Told,
    clock: Clock,
    effects: &mut Vec<Effect>,
) {
    let now = clock.now();
    match told {
        Told::Found(call, found) => switch.handle(now, Input::LookedUp { call, found }, effects),
        Told::Command(CoreCommand::SetAvailability { user, availability, reason, reply }) => {
            let known = switch.directory().user(&user).is_some();
            if known {
                switch.handle(now, Input::Availability { user, availability, reason }, effects);
            }
            // Whoever asked may be gone; what he wanted is done all the same.
            let _ = reply.send(known);
        }
        Told::Command(CoreCommand::Voicemail { change, reply }) => {
            let before = effects.len();
            switch.handle(now, Input::Mailbox(change), effects);
            let known =
                effects[before..].iter().any(|effect| matches!(effect, Effect::Voicemail(_)));
            let _ = reply.send(known);
        }
        Told::Command(CoreCommand::Order { call, by, command, reply }) => {
            let order = desk.note(reply);
            switch.handle(now, Input::Order { order, call, by, command }, effects);
        }
        Told::Command(CoreCommand::Originate { user, devices, to, caller_id, reply }) => {
            let order = desk.note(reply);
            let input = Input::Originate { order, user, devices, to, caller_id };
            switch.handle(now, input, effects);
        }
    }
}

impl Services {
    /// Runs them; never ends.
    pub(super) async fn run(self, database: &Database, clock: Clock) {
        let Self { reload, lookups, mail, zone, recordings, .. } = self;
        let looking = async {
            if let Some((service, found)) = lookups {
                let (answers, answered) = mpsc::channel(64);
                let (teach, lessons) = mpsc::channel(LESSONS);
                tokio::join!(
                    service.run(answers),
                    pass_on(answered, found, teach),
                    learn(lessons, &reload, database, clock)
                );
            }
        };
        let mailing = async {
            if let Some((notices, outbox, postman)) = mail {
                let writing = write(notices, outbox, database, &zone, &recordings);
                tokio::join!(writing, postman.run());
            }
        };
        tokio::join!(looking, mailing);
        std::future::pending::<()>().await;
    }
}

/// Passes on what lookups find, and has it kept. Calls wait for it, so that nothing here waits for
/// the database: what does not fit is asked again at the next call.
async fn pass_on(
    mut answered: mpsc::Receiver<Answer>,
    found: mpsc::Sender<(CallId, LookedUp)>,
    lessons: mpsc::Sender<(E164, KnownRecord)>,
) {
    while let Some(Answer { call, number, record }) = answered.recv().await {
        if let Some(record) = &record {
            let _ = lessons.try_send((number.clone(), record.clone()));
        }
        if found.send((call, LookedUp { number, record })).await.is_err() {
            return;
        }
    }
}

/// Keeps what lookups find; soon after, the directory is read again for it.
async fn learn(
    mut lessons: mpsc::Receiver<(E164, KnownRecord)>,
    reload: &mpsc::Sender<()>,
    database: &Database,
    clock: Clock,
) {
    let mut reload_at: Option<Instant> = None;
    loop {
        let due = reload_at.unwrap_or_else(Instant::now);
        tokio::select! {
            lesson = lessons.recv() => {
                let Some((number, record)) = lesson else { return };
                match database.learn_record(&number, &record, clock.now().wall).await {
                    Ok(true) => reload_at = reload_at.or(Some(Instant::now() + LEARNT)),
                    Ok(false) => {}
                    Err(error) => {
                        let remedy = error.remedy();
                        tracing::warn!(%error, remedy, "what a lookup found was not kept");
                    }
                }
            }
            () = sleep_until(due), if reload_at.is_some() => {
                // One that waits already serves for this one, too.
                let _ = reload.try_send(());
                reload_at = None;
            }
        }
    }
}

/// Writes mail about what people may want to know.
async fn write(
    mut notices: mpsc::Receiver<Notice>,
    mut outbox: Outbox,
    database: &Database,
    zone: &TimeZone,
    recordings: &std::path::Path,
) {
    let mut complaints = Seldom::default();
    while let Some(Notice { about, directory }) = notices.recv().await {
        let mail = match about {
            About::Message(message) => {
                notices::voice_message(&message, &directory, zone, recordings)
            }
            About::Missed(call) => match rows_of(&call, database, &mut complaints).await {
                Some(graph) => notices::missed_call(&graph, &directory, zone),
                None => continue,
            },
        };
        outbox.send(mail);
    }
}

/// The rows of a call that has just ended: the writer may need a moment.
async fn rows_of(
    call: &CallId,
    database: &Database,
    complaints: &mut Seldom,
) -> Option<model::call_graph::CallGraph> {
    let mut look = tokio::time::interval(LOOK);
    let mut cause = "its rows did not come".to_owned();
    for _ in 0..LOOKS {
        look.tick().await;
        match database.call(call).await {
            Ok(Some(graph)) if graph.call.ended_at.is_some() => return Some(graph),
            Ok(_) => {}
            Err(error) => cause = error.to_string(),
        }
    }
    if let Some(before) = complaints.again(Instant::now()) {
        tracing::warn!(%call, cause, before, "there is no notice of a missed call");
    }
    None
}
