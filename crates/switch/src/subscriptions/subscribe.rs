//! SUBSCRIBE (RFC 6665 §4.2.1): who may watch what, for how long. Users are challenged as for
//! REGISTER. Any user may watch another's calls; a mailbox is watched by its owner, or by a member
//! of its group, and whether he is away by himself.

use std::time::Duration;

use model::directory::{Assignment, Directory, MailboxId, User};
use model::phone::Dialled;
use model::{GroupId, Now, UserId};
use sip::flow::Flow;
use sip::message::{HeaderName, Headers, Request};
use sip::user_agent_core::{DialogId, ExtraHeader, ServerRequestId};

use super::table::Subscription;
use super::{EndReason, Package, Watched};
use crate::codes::CodeMeaning;
use crate::requests::registration::Unverified;
use crate::requests::routes::{self, Origin};
use crate::switch::Switch;

/// Time granted where none is asked for (RFC 4235 §3.4, RFC 3842 §3.4), s.
const DEFAULT_EXPIRES_S: u32 = 3_600;
/// Shortest time granted; less gets 423, s.
const MIN_EXPIRES_S: u32 = 60;
/// Longest time granted; more is cut, s.
const MAX_EXPIRES_S: u32 = 7_200;
/// The longest `id` of an Event that is carried on.
const EVENT_ID: usize = 64;

type Refusal = (u16, Vec<ExtraHeader>);

/// What a SUBSCRIBE asks for, whoever sent it.
struct Asked {
    package: Package,
    event: String,
    expires_s: u32,
}

impl Switch {
    pub(crate) fn subscribe(
        &mut self,
        now: Now,
        id: ServerRequestId,
        dialog: Option<DialogId>,
        flow: Flow,
        request: &Request,
    ) {
        let outcome = match dialog {
            None => self.subscribe_first(now, id, flow, request),
            Some(dialog) => self.subscribe_again(now, id, dialog, flow, request),
        };
        let status = match outcome {
            Ok(answered) => answered,
            Err((status, headers)) => {
                self.ua.respond(now.mono, id, status, &headers, None, &mut self.ua_out);
                status
            }
        };
        *self.counters.subscribes.entry(status).or_default() += 1;
    }

    fn subscribe_first(
        &mut self,
        now: Now,
        id: ServerRequestId,
        flow: Flow,
        request: &Request,
    ) -> Result<u16, Refusal> {
        let watcher = self.watcher(now, flow, request)?;
        let asked = asked(request)?;
        let watched = self.watched(&watcher, asked.package, request)?;
        let limits = self.config.limits;
        let cause = if self.draining {
            Some("draining")
        } else if self.subscriptions.len() >= limits.subscriptions {
            Some("subscriptions")
        } else {
            None
        };
        if let Some(cause) = cause {
            self.counters.count_overload(cause);
            let retry = self.config.sip.retry_after_s.to_string();
            return Err((503, vec![(HeaderName::RetryAfter, retry)]));
        }
        if self.subscriptions.of(&watcher) >= limits.subscriptions_per_user {
            self.counters.count_overload("subscriptions of a user");
            return Err((403, Vec::new()));
        }
        let headers = [expires(asked.expires_s)];
        let out = &mut self.ua_out;
        let dialog = match self.ua.accept_subscription(now.mono, id, &headers, out) {
            Ok(dialog) => dialog,
            Err(answered) => return Ok(answered),
        };
        let subscription = Subscription {
            watcher,
            watched,
            event: asked.event,
            entity: format!("sip:{}@{}", routes::dialled_user(request), self.config.domain),
            flow,
            expires_at: now.mono + seconds(asked.expires_s),
            retry_at: None,
            version: 0,
            shown: Vec::new(),
            told: None,
            under_way: None,
            owed: false,
            ends: None,
        };
        self.subscriptions.insert(dialog, subscription);
        self.tell_at_once(now, dialog, asked.expires_s);
        Ok(200)
    }

    /// A refresh, or the end that the watcher wants.
    fn subscribe_again(
        &mut self,
        now: Now,
        id: ServerRequestId,
        dialog: DialogId,
        flow: Flow,
        request: &Request,
    ) -> Result<u16, Refusal> {
        let watcher = self.watcher(now, flow, request)?;
        let asked = asked(request)?;
        let gone = || (481, Vec::new());
        let subscription = self.subscriptions.get(dialog).ok_or_else(gone)?;
        if subscription.watcher != watcher {
            return Err((403, Vec::new()));
        }
        if subscription.event != asked.event || subscription.ends.is_some() {
            return Err(gone());
        }
        let headers = [expires(asked.expires_s)];
        self.ua.respond(now.mono, id, 200, &headers, None, &mut self.ua_out);
        self.subscriptions.change(dialog, |it| {
            it.flow = flow;
            it.expires_at = now.mono + seconds(asked.expires_s);
            it.retry_at = None;
        });
        self.tell_at_once(now, dialog, asked.expires_s);
        Ok(200)
    }

    /// Every SUBSCRIBE is followed by a NOTIFY; one with `Expires: 0` by the last.
    fn tell_at_once(&mut self, now: Now, dialog: DialogId, expires_s: u32) {
        if expires_s == 0 {
            self.end_subscription(now, dialog, EndReason::Timeout);
        } else {
            self.notify(now, dialog);
        }
    }

    /// The user who subscribes; trunks do not.
    fn watcher(&mut self, now: Now, flow: Flow, request: &Request) -> Result<UserId, Refusal> {
        let directory = self.directory.clone();
        let user = match routes::origin(&self.config, &directory, flow, request) {
            Origin::Trunk(_) => return Err((403, Vec::new())),
            Origin::User(user) => Some(user),
            Origin::Stranger => None,
        };
        match (self.verify(now.mono, request), user) {
            (Ok(name), Some(user)) if *name == *user.sip_username => Ok(user.id.clone()),
            (Ok(_), _) => Err((403, Vec::new())),
            (Err(Unverified { status, headers }), _) => Err((status, headers)),
        }
    }

    /// What the Request-URI names, if this user may watch it.
    fn watched(
        &self,
        watcher: &UserId,
        package: Package,
        request: &Request,
    ) -> Result<Watched, Refusal> {
        let directory = self.directory.clone();
        let (refused, unknown) = (|status: u16| (status, Vec::new()), (404, Vec::new()));
        let is_ours = request.uri().is_ok_and(|uri| routes::is_ours(&self.config, &uri));
        if !is_ours {
            return Err(unknown);
        }
        let name = routes::dialled_user(request);
        let code = self.config.codes.meaning(&name);
        let user = named_user(&directory, &name);
        let watched = match (package, user, code) {
            (Package::Dialog, Some(user), _) => Watched::Calls(user.id.clone()),
            (Package::Dialog, None, Some(CodeMeaning::Toggle)) => Watched::Away(watcher.clone()),
            (Package::MessageSummary, Some(user), _) => {
                Watched::Mailbox(MailboxId::User(user.id.clone()))
            }
            (Package::MessageSummary, None, Some(CodeMeaning::Voicemail)) => {
                Watched::Mailbox(MailboxId::User(watcher.clone()))
            }
            (Package::MessageSummary, None, Some(CodeMeaning::GroupVoicemail(group))) => {
                Watched::Mailbox(MailboxId::Group(group.clone()))
            }
            (Package::MessageSummary, None, None) => {
                let group = named_group(&directory, &name).ok_or(unknown)?;
                Watched::Mailbox(MailboxId::Group(group))
            }
            (Package::Dialog | Package::MessageSummary, None, _) => return Err(unknown),
        };
        match may_watch(&directory, watcher, &watched) {
            None => Ok(watched),
            Some(EndReason::Rejected) => Err(refused(403)),
            Some(EndReason::NoResource | EndReason::Timeout | EndReason::Probation) => {
                Err(refused(404))
            }
        }
    }

    /// Ends what a new directory forbids, or has no more.
    pub(crate) fn reread_subscriptions(&mut self, now: Now) {
        let directory = self.directory.clone();
        let ended: Vec<(DialogId, EndReason)> = self
            .subscriptions
            .all()
            .filter_map(|(dialog, it)| {
                may_watch(&directory, &it.watcher, &it.watched).map(|reason| (dialog, reason))
            })
            .collect();
        for (dialog, reason) in ended {
            self.end_subscription(now, dialog, reason);
        }
    }
}

/// Why a user may not watch something; `None`: he may.
fn may_watch(directory: &Directory, watcher: &UserId, watched: &Watched) -> Option<EndReason> {
    if directory.user(watcher).is_none() {
        return Some(EndReason::Rejected);
    }
    let (there, allowed) = match watched {
        Watched::Calls(user) => (directory.user(user).is_some(), true),
        Watched::Away(user) => (true, user == watcher),
        Watched::Mailbox(MailboxId::User(user)) => {
            let mailbox = directory.user(user).and_then(|user| user.mailbox.as_ref());
            (mailbox.is_some(), user == watcher)
        }
        Watched::Mailbox(MailboxId::Group(id)) => {
            let group = directory.group(id);
            let there = group.is_some_and(|group| group.mailbox.is_some());
            (there, group.is_some_and(|group| group.members.contains(watcher)))
        }
    };
    // Whether there is one is none of the business of who may not watch it.
    if !allowed {
        Some(EndReason::Rejected)
    } else if !there {
        Some(EndReason::NoResource)
    } else {
        None
    }
}

/// The user of this name, or of this number.
fn named_user<'d>(directory: &'d Directory, name: &str) -> Option<&'d User> {
    directory.user_by_sip_username(name).or_else(|| match assignment(directory, name)? {
        Assignment::User(user) => directory.user(user),
        Assignment::Group(..) => None,
    })
}

/// The group of this number.
fn named_group(directory: &Directory, name: &str) -> Option<GroupId> {
    match assignment(directory, name)? {
        Assignment::Group(group, _) => Some(group.clone()),
        Assignment::User(_) => None,
    }
}

fn assignment<'d>(directory: &'d Directory, name: &str) -> Option<&'d Assignment> {
    match Dialled::read(name, None) {
        Dialled::Number(number) => directory.number_by_e164(&number).map(|it| &it.assignment),
        Dialled::ShortCode(_) | Dialled::NotANumber => None,
    }
}

fn asked(request: &Request) -> Result<Asked, Refusal> {
    let headers = request.headers();
    let bad = || (400, Vec::new());
    let (package, event) = event(headers)?;
    if !accepts(headers, package.content_type()) {
        return Err((406, vec![(HeaderName::Accept, package.content_type().to_owned())]));
    }
    let expires_s = headers.expires().map_err(|_| bad())?.unwrap_or(DEFAULT_EXPIRES_S);
    if expires_s > 0 && expires_s < MIN_EXPIRES_S {
        return Err((423, vec![(HeaderName::MinExpires, MIN_EXPIRES_S.to_string())]));
    }
    Ok(Asked { package, event, expires_s: expires_s.min(MAX_EXPIRES_S) })
}

/// The package, and the value of Event with which its NOTIFYs are marked: only `id` is carried on
/// (RFC 6665 §8.2.1).
fn event(headers: &Headers) -> Result<(Package, String), Refusal> {
    if headers.values(HeaderName::Event).count() > 1 {
        return Err((400, Vec::new()));
    }
    let text = headers.text(HeaderName::Event).unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let package = parts.next().and_then(Package::named).ok_or_else(|| {
        let all = Package::ALL.map(Package::name).join(", ");
        (489, vec![(HeaderName::AllowEvents, all)])
    })?;
    let id = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("id").then(|| value.trim())
    });
    match id {
        None => Ok((package, package.name().to_owned())),
        Some(id) if is_token(id) => Ok((package, format!("{};id={id}", package.name()))),
        Some(_) => Err((400, Vec::new())),
    }
}

fn is_token(text: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || "-.!%*_+`'~".contains(c);
    !text.is_empty() && text.len() <= EVENT_ID && text.chars().all(sign)
}

fn accepts(headers: &Headers, content_type: &str) -> bool {
    !headers.contains(HeaderName::Accept)
        || headers.tokens(HeaderName::Accept).any(|accepted| {
            let kind = accepted.split(';').next().unwrap_or_default().trim();
            [content_type, "application/*", "*/*"]
                .iter()
                .any(|known| kind.eq_ignore_ascii_case(known))
        })
}

fn expires(seconds: u32) -> ExtraHeader {
    (HeaderName::Expires, seconds.to_string())
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}
