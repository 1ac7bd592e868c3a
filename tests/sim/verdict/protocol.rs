//! What the switch may say to its peers, whatever they and the network do: one final response to
//! a request, nothing after it, numbers that grow, CANCEL only for what has given a sign and has
//! no answer yet, no request in a dialog that it has left (RFC 3261 9.1, 12.2.1.1, 15, 17.2).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use crate::ladder::{header, label};
use crate::world::World;

/// A message of the switch, or one that reached it.
struct Seen<'a> {
    at: Duration,
    ours: bool,
    bytes: &'a Bytes,
    /// The method, and the status of a response.
    method: String,
    status: Option<u16>,
    branch: String,
    number: u32,
}

/// Everything that is wrong.
pub(crate) fn faults(world: &World) -> Vec<String> {
    let seen = seen(world);
    let mut faults = finals(&seen);
    faults.extend(unanswered(&seen));
    faults.extend(numbers(&seen));
    // What waits for the store leaves later than it was decided.
    if !world.store_was_away {
        faults.extend(cancels(&seen));
    }
    faults
}

fn seen(world: &World) -> Vec<Seen<'_>> {
    let mut seen = Vec::new();
    for (at, from, bytes, arrivals) in world.ladder.sent() {
        if from == "switch" {
            seen.push(read(at, true, bytes));
        } else {
            seen.extend(arrivals.iter().map(|at| read(*at, false, bytes)));
        }
    }
    seen.sort_by_key(|message| (message.at, message.ours));
    seen
}

fn read(at: Duration, ours: bool, bytes: &Bytes) -> Seen<'_> {
    let label = label(bytes);
    let (status, method) = match label.split_once(' ') {
        Some((status, method)) => (status.parse().ok(), method.to_owned()),
        None => (None, label),
    };
    let via = header(bytes, "Via");
    let branch = via.split(";branch=").nth(1).unwrap_or_default();
    let branch = branch.split([';', ',']).next().unwrap_or_default().to_owned();
    let number = header(bytes, "CSeq");
    let number = number.split(' ').next().and_then(|number| number.parse().ok());
    Seen { at, ours, bytes, method, status, branch, number: number.unwrap_or(0) }
}

/// One final response to each request, and nothing after it; every response but 100 has a tag.
fn finals(seen: &[Seen<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut sent: BTreeMap<(&str, &str), &Seen<'_>> = BTreeMap::new();
    for message in seen.iter().filter(|message| message.ours) {
        let Some(status) = message.status else { continue };
        let at = message.at;
        if status > 100 && !header(message.bytes, "To").contains(";tag=") {
            faults.push(format!("{at:?}: {status} without a tag"));
        }
        let key = (message.branch.as_str(), message.method.as_str());
        match sent.get(&key) {
            Some(before) if before.bytes != message.bytes => {
                let first = before.status.unwrap_or(0);
                faults.push(format!("{at:?}: {status} {} after a {first}", message.method));
            }
            Some(_) => {}
            None if status >= 200 => {
                sent.insert(key, message);
            }
            None => {}
        }
    }
    faults
}

/// Every request that reached the switch got a final response.
fn unanswered(seen: &[Seen<'_>]) -> Vec<String> {
    let ours = seen.iter().filter(|message| message.ours);
    let answered: BTreeSet<(&str, &str)> = ours
        .filter(|message| message.status.is_some_and(|status| status >= 200))
        .map(|message| (message.branch.as_str(), message.method.as_str()))
        .collect();
    let asked = seen.iter().filter(|message| !message.ours && message.status.is_none());
    let asked = asked.filter(|message| message.method != "ACK");
    let open = asked.filter(|message| !answered.contains(&(&message.branch, &message.method)));
    open.map(|message| format!("{:?}: {} is not answered", message.at, message.method)).collect()
}

/// In each dialog our requests are numbered upwards, and BYE is the last of them.
fn numbers(seen: &[Seen<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut last: BTreeMap<(String, String, String), &Seen<'_>> = BTreeMap::new();
    let mut branches: BTreeSet<&str> = BTreeSet::new();
    let requests = seen.iter().filter(|message| message.ours && message.status.is_none());
    for message in requests.filter(|it| !matches!(it.method.as_str(), "ACK" | "CANCEL")) {
        let [call, from, to] = ["Call-ID", "From", "To"].map(|name| header(message.bytes, name));
        let (number, method) = (message.number, message.method.as_str());
        let branch = message.branch.as_str();
        let in_dialog = to.contains(";tag=");
        // What is sent again says nothing new.
        if !branches.insert(branch) {
            continue;
        }
        let Some(before) = last.insert((call, from, to), message) else { continue };
        // The next address gets the same request in a new transaction (RFC 3263 4.3); outside
        // dialogs it may be another server, which is addressed by its own name.
        if is_for_the_next_address(before, message) {
            continue;
        }
        let grows = number > before.number || (number == before.number && !in_dialog);
        if !grows || before.method == "BYE" {
            let (at, earlier, was) = (message.at, before.number, &before.method);
            faults.push(format!("{at:?}: {number} {method} after {earlier} {was}"));
        }
    }
    faults
}

/// The same request but for its branch.
fn is_for_the_next_address(before: &Seen<'_>, message: &Seen<'_>) -> bool {
    let lines = |seen: &Seen<'_>| {
        let text = String::from_utf8_lossy(seen.bytes).into_owned();
        text.lines().filter(|line| !line.starts_with("Via:")).map(str::to_owned).collect::<Vec<_>>()
    };
    before.number == message.number && lines(before) == lines(message)
}

/// CANCEL goes to an INVITE that has had a provisional response and no final one.
fn cancels(seen: &[Seen<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut best: BTreeMap<&str, (Duration, u16)> = BTreeMap::new();
    let mut cancelled: BTreeSet<&str> = BTreeSet::new();
    for message in seen {
        let branch = message.branch.as_str();
        match (message.ours, message.status, message.method.as_str()) {
            (false, Some(status), "INVITE") => {
                let known = best.entry(branch).or_insert((message.at, status));
                if known.1 < 200 && status >= 200 {
                    *known = (message.at, status);
                }
            }
            (true, None, "CANCEL") if cancelled.insert(branch) => {
                let at = message.at;
                match best.get(branch) {
                    None => faults.push(format!("{at:?}: CANCEL before any response")),
                    Some((when, status)) if *status >= 200 && *when < at => {
                        faults.push(format!("{at:?}: CANCEL after the {status} of {when:?}"));
                    }
                    Some(_) => {}
                }
            }
            _ => {}
        }
    }
    faults
}
