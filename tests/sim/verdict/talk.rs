//! Each Connection talks as long as its leg is bridged: by its log, its row begins to talk when its
//! leg enters the main bridge, a leg is in one bridge at a time, and in none after its end.

use std::collections::BTreeMap;

use model::call_graph::event::{BridgeLeg, CallEvent, MAIN_BRIDGE};
use model::call_graph::words::{CallState, InteractionKind};
use model::call_graph::{CallGraph, Recorded};
use model::{CallId, Millis};

/// What the log says of a leg.
#[derive(Default)]
struct Leg {
    bridge: Option<u16>,
    first: Option<Millis>,
    over: bool,
    /// It came with a call that was absorbed.
    adopted: bool,
}

/// Everything that is wrong; `log` is of one process from its start to its end.
pub(crate) fn faults(log: &[Recorded], graphs: &BTreeMap<CallId, CallGraph>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut legs: BTreeMap<(&CallId, Option<u16>), Leg> = BTreeMap::new();
    for Recorded { call, at, event } in log {
        let of = |leg: &BridgeLeg| match leg {
            BridgeLeg::Anchor => (call, None),
            BridgeLeg::Connection(seq) => (call, Some(*seq)),
        };
        if let CallEvent::BridgeEntered { leg, bridge } = event {
            let (key, leg) = (of(leg), legs.entry(of(leg)).or_default());
            if leg.over || leg.bridge.is_some() {
                faults.push(format!("{at}: {key:?} enters {bridge} from {:?}", leg.bridge));
            }
            leg.bridge = Some(*bridge);
            if *bridge == MAIN_BRIDGE {
                leg.first.get_or_insert(*at);
            }
        } else if let CallEvent::BridgeLeft { leg, bridge } = event {
            let (key, leg) = (of(leg), legs.entry(of(leg)).or_default());
            if !leg.adopted && leg.bridge != Some(*bridge) {
                faults.push(format!("{at}: {key:?} leaves {bridge}, where it is not"));
            }
            (leg.bridge, leg.adopted) = (None, false);
        } else if let CallEvent::Absorbed(absorbed) = event {
            // In which bridge it is is in the log that comes with it.
            let number = absorbed.connection;
            legs.entry((call, number)).or_default().adopted = true;
        } else if let CallEvent::ConnectionEnded { connection, .. } = event {
            let leg = legs.entry((call, Some(*connection))).or_default();
            leg.over = true;
            leg.bridge = None;
        }
    }
    for graph in graphs.values().filter(|graph| graph.call.state == CallState::Finished) {
        // The rows of an absorbed call count from another beginning.
        let absorbed = |kind| kind == InteractionKind::CallAbsorbed;
        if graph.interactions.iter().any(|row| absorbed(row.kind)) {
            continue;
        }
        for row in &graph.connections {
            let leg = legs.get(&(&graph.call.id, Some(row.seq)));
            let first = leg.and_then(|leg| leg.first);
            if first != row.bridged_at {
                let (id, by) = (&graph.call.id, row.bridged_at);
                faults.push(format!("{id}: {} bridged at {by:?}, by the log {first:?}", row.seq));
            }
        }
    }
    faults
}
