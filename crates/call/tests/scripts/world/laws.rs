//! What is possible in such a world: an order moves a leg from a state in which it can be given,
//! media plays to who is there, and a call that ends leaves nothing behind.

use call::port::{LegCommand, LegEvent, LegId, MediaCommand};
use model::call_graph::CallGraph;
use model::call_graph::check::check_emission;

use super::{LegState, World};

impl World {
    pub(super) fn happened(&mut self, index: usize, leg: LegId, event: &LegEvent) {
        let finished = self.calls[index].finished;
        if let LegEvent::Played { play, .. } = event
            && self.plays.get(&leg) == Some(play)
        {
            self.plays.remove(&leg);
        }
        if let LegEvent::Played { play, .. } = event {
            self.media.played(leg, *play);
        }
        if matches!(event, LegEvent::HungUp | LegEvent::Failed { .. } | LegEvent::Cancelled) {
            self.media.closed(leg);
        }
        let Some((_, state)) = self.states.get_mut(&leg) else {
            return;
        };
        *state = match (*state, event) {
            (LegState::Ringing, LegEvent::Answered) => LegState::Up,
            (LegState::Stopping, LegEvent::Answered) if !finished => LegState::Up,
            (
                _,
                LegEvent::HungUp
                | LegEvent::Cancelled
                | LegEvent::Failed { .. }
                | LegEvent::Settled { .. },
            ) => LegState::Gone,
            (state, _) => state,
        };
    }

    /// An order moves a leg from a state in which it is possible to the next one.
    pub(super) fn ordered(&mut self, index: usize, command: &LegCommand) {
        use LegState::{Gone, Ringing, Stopping, Up};
        let moves = match command {
            LegCommand::DialUser { leg, .. }
            | LegCommand::CallUser { leg, .. }
            | LegCommand::DialOutside { leg, .. } => {
                let fresh = self.states.insert(*leg, (index, Ringing));
                assert!(fresh.is_none(), "a leg is dialled twice");
                return;
            }
            LegCommand::Ring { leg } => vec![(*leg, Ringing, Ringing)],
            LegCommand::PassEarlyMedia { to, from } => {
                vec![(*to, Ringing, Ringing), (*from, Ringing, Ringing)]
            }
            LegCommand::Answer { leg, .. } => vec![(*leg, Ringing, Up)],
            LegCommand::Reject { leg, .. } => vec![(*leg, Ringing, Gone)],
            LegCommand::Cancel { leg, .. } => vec![(*leg, Ringing, Stopping)],
            LegCommand::HangUp { leg, .. } => vec![(*leg, Up, Gone)],
            LegCommand::Bridge { a, b } | LegCommand::Unbridge { a, b } => {
                vec![(*a, Up, Up), (*b, Up, Up)]
            }
            LegCommand::Identify { leg, .. }
            | LegCommand::AcceptRefer { leg }
            | LegCommand::RefuseRefer { leg, .. }
            | LegCommand::NotifyRefer { leg, .. } => vec![(*leg, Up, Up)],
            LegCommand::Prompt { leg } => vec![(*leg, Ringing, Ringing)],
        };
        for (leg, from, to) in moves {
            if matches!(command, LegCommand::Bridge { .. }) {
                let endless = self.plays.get(&leg).is_some_and(|it| self.endless.contains(it));
                assert!(!endless, "it hears something when it is bridged\n{}", self.log);
            }
            let (_, state) = self.states.get_mut(&leg).expect("a leg that exists");
            let log = &self.log;
            assert!(!self.lawful || *state == from, "{command:?} of a {state:?} leg\n{log}");
            *state = to;
        }
    }

    /// What media is told must be possible, too.
    pub(super) fn told_media(&mut self, index: usize, command: &MediaCommand) {
        let up = |leg: &LegId| !self.lawful || self.states[leg] == (index, LegState::Up);
        let recordings = &mut self.calls[index].recordings;
        #[expect(clippy::wildcard_enum_match_arm, reason = "the switch gives the others")]
        match command {
            MediaCommand::Play { leg, play, list } => {
                assert!(up(leg), "something is played to nobody\n{}", self.log);
                assert!(!list.items.is_empty(), "nothing is played\n{}", self.log);
                self.plays.insert(*leg, *play);
                if list.barge_in {
                    self.interruptible.insert(*play);
                }
                if list.repeat {
                    self.endless.insert(*play);
                }
            }
            MediaCommand::StopPlay { leg } => {
                assert!(self.plays.remove(leg).is_some(), "nothing plays\n{}", self.log);
            }
            MediaCommand::SendDigit { leg, .. } => assert!(up(leg), "a digit for nobody"),
            MediaCommand::Record { recording, left, right, .. } => {
                assert!([left, right].into_iter().flatten().all(up), "{}", self.log);
                recordings.insert(recording.clone());
                assert_eq!(recordings.len(), 1, "two recordings at a time\n{}", self.log);
            }
            MediaCommand::PauseRecording { recording, .. } => {
                assert!(recordings.contains(recording), "paused, and none\n{}", self.log);
            }
            MediaCommand::StopRecording { recording } => {
                assert!(recordings.remove(recording), "stopped, and none\n{}", self.log);
                self.closing.push_back(recording.clone());
            }
            MediaCommand::NoticeSilence { leg, .. } => assert!(up(leg), "nobody is silent"),
            MediaCommand::Join { leg, .. } => assert!(up(leg), "nobody joins\n{}", self.log),
            MediaCommand::Leave { leg } => assert!(up(leg), "nobody leaves\n{}", self.log),
            other => panic!("the engine says {other:?}"),
        }
    }

    pub(super) fn finished(&mut self, index: usize) {
        let live = &mut self.calls[index];
        live.finished = true;
        if live.absorbed {
            live.graph = None;
            return;
        }
        assert!(live.recordings.is_empty(), "a recording is left open\n{}", self.log);
        // Who rang in vain to call somebody back has made no call.
        if let Some(graph) = live.graph.as_ref().map(CallGraph::finished)
            && let Err(violations) = check_emission(&graph)
        {
            panic!("{violations:#?}\n{}", self.log);
        }
        // D46: whoever reads the rows finds there whom they name.
        for row in live.graph.iter().flat_map(|graph| &graph.attempts) {
            let named = live.graph.as_ref().map(|graph| graph.finished().context.users);
            let known = row.user_id.as_ref().zip(named).is_none_or(|(id, of)| of.contains_key(id));
            assert!(known, "{:?} is not in the context\n{}", row.user_id, self.log);
        }
        let mut legs = self.states.values().filter(|(call, _)| *call == index);
        let left = legs.any(|(_, state)| matches!(state, LegState::Ringing | LegState::Up));
        assert!(!self.lawful || !left, "a leg is left behind\n{}", self.log);
    }
}
