//! One scene: somebody calls, phones ring, people talk, somebody hangs up.

use std::time::Duration;

use phone::{CallPlan, EndCause, PhoneCallId, PhoneEvent};

use super::scenes::{HandOn, Said, Scene, Talk};
use crate::demo::phones::{self, Cast, Handle, Heard, News, Order, TONE_PACKETS};

/// Longer than any step of a scene takes.
const STEP: Duration = Duration::from_secs(10);

/// How long the last packets may be under way after the last was sent.
const LAST_PACKETS: Duration = Duration::from_millis(500);

/// How long people stay silent on hold and after it, so that a reader sees it.
const PAUSE: Duration = Duration::from_millis(250);

/// How long somebody is on hold who listens.
const MUSIC: Duration = Duration::from_millis(1_200);

/// How long the transferred party talks with the target.
const AFTER_TRANSFER: Duration = Duration::from_millis(1_200);

/// How long people look for a key.
const THINKING: Duration = Duration::from_millis(500);

/// Longer than the greeting and the beep of a mailbox.
const GREETED: Duration = Duration::from_millis(2_500);

/// How long a message is.
const MESSAGE: Duration = Duration::from_millis(2_000);

/// What the phones noticed.
#[derive(Debug, Default)]
pub(in crate::demo) struct Played {
    /// How the caller's call ended, in words.
    pub(in crate::demo) caller: String,
    /// What the phone of each user who was called showed, by user name.
    pub(in crate::demo) displays: Vec<(&'static str, String)>,
    /// With whom they were told that they talk from then on.
    pub(in crate::demo) told: Vec<(&'static str, String)>,
    /// What was said and heard, where people talked.
    pub(in crate::demo) sound: Option<Sound>,
    /// Where people listened: who heard what.
    pub(in crate::demo) heard: Vec<(&'static str, Vec<Heard>)>,
    /// What did not happen in time.
    pub(in crate::demo) trouble: Option<&'static str>,
}

/// Packets of sound: who said and heard how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::demo) struct Sound {
    /// Two people: name, packets said, packets heard.
    pub(in crate::demo) people: [(&'static str, u32, u32); 2],
}

impl Sound {
    /// Whether nine tenths at least came through both ways: on loopback nothing is lost but what a
    /// busy machine drops.
    pub(in crate::demo) fn is_mutual(&self) -> bool {
        let [(_, _, first), (_, _, second)] = self.people;
        first.min(second) * 10 >= TONE_PACKETS * 9
    }
}

/// Plays a scene with the phones it needs, and gives them back.
pub(super) async fn play(scene: &'static Scene, mut company: Cast) -> (Played, Cast) {
    let mut played = Played::default();
    played.trouble = act(scene, &mut company, &mut played).await.err();
    for handle in company.values_mut() {
        handle.catch_up();
    }
    if let Some(caller) = company.get(scene.caller) {
        let mut causes = caller.seen.iter().filter_map(end_cause);
        played.caller = causes.next_back().map_or_else(|| "did not end".to_owned(), in_words);
    }
    for (name, _) in scene.called {
        let seen = company.get(name).into_iter().flat_map(|handle| &handle.seen);
        let shown = seen.filter_map(|news| match news {
            News::Event(PhoneEvent::Ringing { caller, .. }) => {
                let number = &caller.number;
                Some(match &caller.display {
                    Some(display) => format!("{display} {number}"),
                    None => number.clone(),
                })
            }
            News::Event(_) | News::Spoke | News::HeardAll => None,
        });
        played.displays.extend(shown.map(|shown| (*name, shown)));
        let seen = company.get(name).into_iter().flat_map(|handle| &handle.seen);
        let told = seen.filter_map(|news| match news {
            News::Event(PhoneEvent::Identified { name, number, .. }) => Some(match name {
                Some(name) => format!("{name} {number}"),
                None => number.clone(),
            }),
            News::Event(_) | News::Spoke | News::HeardAll => None,
        });
        played.told.extend(told.map(|told| (*name, told)));
    }
    (played, company)
}

/// The scene step by step; the error says which step did not come.
async fn act(
    scene: &'static Scene,
    company: &mut Cast,
    played: &mut Played,
) -> Result<(), &'static str> {
    for handle in company.values_mut() {
        handle.begin();
    }
    for (name, behaviour) in scene.called {
        let handle = company.get(name).ok_or("a phone is missing")?;
        handle.order(Order::Behave(*behaviour)).await;
    }
    let caller = company.get(scene.caller).ok_or("a phone is missing")?;
    if let Some(Talk { said: Said::Listened { line, .. }, .. }) = scene.talk {
        caller.order(Order::Line(line)).await;
    }
    let plan = CallPlan { give_up_after: scene.give_up_after, hang_up_after: None };
    let dial = phones::dial(scene.caller, scene.dials).plan(plan);
    caller.order(Order::Call(Box::new(dial))).await;
    if !scene.presses.is_empty() {
        press(phone(company, scene.caller)?, scene.presses).await?;
    }
    if scene.message {
        leave_message(phone(company, scene.caller)?).await?;
    }
    if let Some(talk) = &scene.talk {
        converse(scene, talk, company, played).await?;
    }
    for (name, handle) in company {
        let concerned = *name == scene.caller || handle.seen.iter().any(is_ringing);
        let ended = |news: &News| end_cause(news).is_some();
        if concerned && !handle.until(STEP, ended).await {
            return Err("a phone still has the call");
        }
    }
    Ok(())
}

/// Presses keys once the caller is accepted.
async fn press(caller: &mut Handle, keys: &str) -> Result<(), &'static str> {
    if !caller.until(STEP, is_answered).await {
        return Err("nobody accepted the caller");
    }
    for key in keys.chars() {
        pass(caller, THINKING).await;
        caller.order(Order::Press(key)).await;
    }
    Ok(())
}

/// Waits for the beep, speaks, and hangs up.
async fn leave_message(caller: &mut Handle) -> Result<(), &'static str> {
    if !caller.until(STEP, is_answered).await {
        return Err("nobody accepted the caller");
    }
    pass(caller, GREETED).await;
    caller.order(Order::Talk).await;
    pass(caller, MESSAGE).await;
    caller.order(Order::HangUp).await;
    Ok(())
}

/// Both hear each other; then one puts the other on hold, perhaps; then one hangs up.
async fn converse(
    scene: &'static Scene,
    talk: &'static Talk,
    company: &mut Cast,
    played: &mut Played,
) -> Result<(), &'static str> {
    let pair = [scene.caller, talk.with];
    let mut listeners = pair.to_vec();
    // A caller whom an IVR accepts is answered before anybody is there to talk with.
    for name in pair {
        if !phone(company, name)?.until(STEP, is_answered).await {
            return Err("nobody answered in time");
        }
    }
    match talk.said {
        Said::Counted => {
            played.sound = Some(speak(pair, company).await?);
            if talk.hold {
                hold_and_resume(phone(company, talk.with)?, PAUSE).await?;
                pass(phone(company, talk.with)?, PAUSE).await;
            }
        }
        Said::Listened { time, .. } => {
            for name in pair {
                phone(company, name)?.order(Order::Talk).await;
            }
            pass(phone(company, talk.with)?, time).await;
            if talk.hold {
                let holder = phone(company, talk.with)?;
                hold_and_resume(holder, MUSIC).await?;
                holder.order(Order::Talk).await;
                pass(holder, time).await;
            }
        }
    }
    if let Some(HandOn { to, warm }) = &scene.hands_on {
        match warm {
            true => warm_transfer(talk.with, to, company).await?,
            false => phone(company, talk.with)?.order(Order::Refer(to)).await,
        }
        if !phone(company, to)?.until(STEP, is_answered).await {
            return Err("nobody took the transfer");
        }
        phone(company, to)?.order(Order::Talk).await;
        pass(phone(company, to)?, AFTER_TRANSFER).await;
        listeners.push(to);
    }
    phone(company, talk.hangs_up)?.order(Order::HangUp).await;
    if talk.is_listened_to() {
        for name in listeners {
            let handle = phone(company, name)?;
            handle.until(STEP, |news| end_cause(news).is_some()).await;
            played.heard.push((name, handle.heard().await));
        }
    }
    Ok(())
}

/// Holds, asks the target on a second line, and joins both.
async fn warm_transfer(
    transferor: &'static str,
    to: &'static str,
    company: &mut Cast,
) -> Result<(), &'static str> {
    let consult = Order::Consult(Box::new(phones::dial(transferor, to)));
    let holder = phone(company, transferor)?;
    let first = holder.seen.iter().find_map(answered_call);
    holder.order(consult).await;
    let second = |news: &News| answered_call(news).is_some_and(|call| Some(call) != first);
    if !holder.until(STEP, second).await {
        return Err("the target did not answer");
    }
    if !phone(company, to)?.until(STEP, is_answered).await {
        return Err("the target is not on the line");
    }
    for name in [transferor, to] {
        phone(company, name)?.order(Order::Talk).await;
    }
    pass(phone(company, to)?, MUSIC).await;
    phone(company, transferor)?.order(Order::Join).await;
    Ok(())
}

/// Each says the whole tone.
async fn speak(pair: [&'static str; 2], company: &mut Cast) -> Result<Sound, &'static str> {
    for name in pair {
        phone(company, name)?.order(Order::Speak).await;
    }
    for name in pair {
        let handle = phone(company, name)?;
        if !handle.until(STEP, |news| *news == News::Spoke).await {
            return Err("a phone could not speak");
        }
        // What is lost shows in the counts.
        let _ = handle.until(LAST_PACKETS, |news| *news == News::HeardAll).await;
    }
    let people = pair.map(|name| {
        let (said, heard) = company.get(name).map_or((0, 0), |handle| handle.packets());
        (name, said, heard)
    });
    Ok(Sound { people })
}

/// Puts the other side on hold for so long.
async fn hold_and_resume(holder: &mut Handle, time: Duration) -> Result<(), &'static str> {
    for (order, direction) in
        [(Order::Hold, sdp::Direction::SendOnly), (Order::Resume, sdp::Direction::SendRecv)]
    {
        holder.catch_up();
        holder.seen.retain(|news| media_direction(news).is_none());
        holder.order(order).await;
        let changed = |news: &News| media_direction(news) == Some(direction);
        if !holder.until(STEP, changed).await {
            return Err("hold or resume was not agreed on");
        }
        if direction == sdp::Direction::SendOnly {
            pass(holder, time).await;
        }
    }
    Ok(())
}

/// Nothing is waited for but the time.
async fn pass(handle: &mut Handle, time: Duration) {
    let _ = handle.until(time, |_| false).await;
}

fn phone<'c>(company: &'c mut Cast, name: &str) -> Result<&'c mut Handle, &'static str> {
    company.get_mut(name).ok_or("a phone is missing")
}

fn is_answered(news: &News) -> bool {
    answered_call(news).is_some()
}

fn answered_call(news: &News) -> Option<PhoneCallId> {
    match news {
        News::Event(PhoneEvent::Answered { call, .. }) => Some(*call),
        News::Event(_) | News::Spoke | News::HeardAll => None,
    }
}

fn is_ringing(news: &News) -> bool {
    matches!(news, News::Event(PhoneEvent::Ringing { .. }))
}

fn media_direction(news: &News) -> Option<sdp::Direction> {
    match news {
        News::Event(PhoneEvent::MediaChanged { media, .. }) => Some(media.direction),
        News::Event(_) | News::Spoke | News::HeardAll => None,
    }
}

fn end_cause(news: &News) -> Option<&EndCause> {
    match news {
        News::Event(PhoneEvent::Ended { cause, .. }) => Some(cause),
        News::Event(_) | News::Spoke | News::HeardAll => None,
    }
}

fn in_words(cause: &EndCause) -> String {
    match cause {
        EndCause::GaveUp => "gave up".to_owned(),
        EndCause::Rejected(status) => format!("was refused with {status}"),
        EndCause::HungUpByPeer(_) => "was hung up on".to_owned(),
        EndCause::HungUp => "hung up".to_owned(),
        EndCause::Lost => "lost the other side".to_owned(),
        EndCause::Cancelled(_) | EndCause::Declined(_) => "was called".to_owned(),
    }
}
