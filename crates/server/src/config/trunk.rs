//! `[[trunk]]`: carriers and other exchanges. A request is a trunk's by its source address, so no
//! address may belong to two.

use super::found::{Complaint, Found};
use super::section::{Reader, Section};
use super::{Credentials, Network, Trunk, value};

/// A trunk, and where its peers were written.
pub(super) struct ReadTrunk {
    pub(super) trunk: Trunk,
    pub(super) peers: Vec<Found<Network>>,
}

pub(super) fn read(section: Section<'_>) -> Option<ReadTrunk> {
    let name = section.parsed("name", value::name);
    if name.is_none() && section.is_absent_or_empty("name") {
        section.missing("name", "give the trunk a name, e.g. name = \"carrier-a\"");
    }
    let peers = section.parsed_list("peers", value::network);
    let outbound = section.parsed_list("outbound", value::outbound);
    let country = section.parsed("country", value::country);
    let credentials = credentials(&section);
    section.finish();
    let trunk = Trunk {
        name: name?.value,
        peers: peers.iter().map(|peer| peer.value).collect(),
        outbound: outbound.into_iter().map(|uri| uri.value).collect(),
        country: country.map(|country| country.value),
        credentials,
    };
    Some(ReadTrunk { trunk, peers })
}

/// Complains about names that are used twice and about addresses that belong to two trunks.
pub(super) fn check_apart(reader: &Reader<'_>, trunks: &[ReadTrunk]) {
    for (index, later) in trunks.iter().enumerate() {
        for earlier in &trunks[..index] {
            if later.trunk.name.eq_ignore_ascii_case(&earlier.trunk.name) {
                let cause = format!("a trunk before is named `{}` too", earlier.trunk.name);
                if let Some(peer) = later.peers.first() {
                    reader.refuse(&peer.origin, Complaint::new(cause, "rename one of them"));
                }
            }
            check_peers(reader, earlier, later);
        }
    }
}

fn check_peers(reader: &Reader<'_>, earlier: &ReadTrunk, later: &ReadTrunk) {
    for peer in &later.peers {
        let taken = earlier.peers.iter();
        let overlapping = taken.filter(|other| other.value.overlaps(&peer.value));
        for other in overlapping {
            let cause = format!(
                "{} overlaps {} of trunk `{}`",
                peer.value, other.value, earlier.trunk.name
            );
            let remedy = "give each source address to one trunk only";
            reader.refuse(&peer.origin, Complaint::new(cause, remedy));
        }
    }
}

fn credentials(section: &Section<'_>) -> Option<Credentials> {
    let username = section.text("username");
    let password = section.text("password");
    match (username, password) {
        (Some(username), Some(password)) => {
            Some(Credentials { username: username.value, password: password.value })
        }
        (None, None) => None,
        (Some(_), None) => {
            section.missing("password", "add it, or remove username");
            None
        }
        (None, Some(_)) => {
            section.missing("username", "add it, or remove password");
            None
        }
    }
}

/// The trunk alone.
pub(super) fn into_trunks(read: Vec<ReadTrunk>) -> Vec<Trunk> {
    read.into_iter().map(|read| read.trunk).collect()
}
