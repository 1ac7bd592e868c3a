//! Media without sockets: a stock of ports whose books must balance, a note of which far ends were
//! bridged and when, playings and recordings that end as they must, and what media notices by
//! itself: digits, bad audio, a disk that is full.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use call::port::{
    Digit, Direction, LegId, MediaCommand, MediaEvent, Part, PlayEnd, PlayId, Playlist, PortPair,
    QualityChange, QualityMetric, QualityNotice, QualitySeverity, QualitySource, QualityStream,
    RecordingId, RoomId, StreamQuality,
};

/// How long a prompt is.
const PROMPT: Duration = Duration::from_secs(2);
/// What media does at once.
const SOON: Duration = Duration::from_millis(1);

/// A leg that is open.
pub(crate) struct Line {
    pub(crate) ports: PortPair,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) direction: Direction,
    pub(crate) hears: Option<LegId>,
    /// The room in which it is.
    pub(crate) room: Option<(RoomId, Part)>,
    playing: Option<PlayId>,
    /// What plays goes on by itself: music, ringback.
    pub(crate) loops: bool,
    /// It is to be told when the leg falls silent; so many notices are on their way.
    is_noticed: bool,
    notices: u32,
    /// Somebody heard it.
    bridged: bool,
}

/// Two legs began to hear each other.
#[derive(Debug)]
pub(crate) struct Bridged {
    /// When the switch decided it.
    pub(crate) at: Duration,
    /// The far ends' addresses; `None`: not known yet.
    pub(crate) ends: [Option<IpAddr>; 2],
}

/// Media.
#[derive(Default)]
pub(crate) struct Media {
    pub(crate) lines: BTreeMap<LegId, Line>,
    /// Who has each pair: the core's stock (`None`), or a leg.
    pairs: BTreeMap<PortPair, Option<LegId>>,
    pub(crate) bridged: Vec<Bridged>,
    /// Recordings whose files are not closed.
    recordings: BTreeSet<RecordingId>,
    /// Playings and recordings so far.
    pub(crate) played: u32,
    pub(crate) recorded: u32,
    pub(crate) faults: Vec<String>,
}

impl Media {
    /// Binds so many pairs; they are the core's stock.
    pub(crate) fn bind(&mut self, pairs: u16) -> Vec<PortPair> {
        let pairs = (0..pairs).map(|pair| PortPair { rtp: 20_000 + 2 * pair });
        let pairs: Vec<_> = pairs.collect();
        *self = Self {
            pairs: pairs.iter().map(|pair| (*pair, None)).collect(),
            bridged: std::mem::take(&mut self.bridged),
            played: self.played,
            recorded: self.recorded,
            faults: std::mem::take(&mut self.faults),
            ..Self::default()
        };
        pairs
    }

    /// Obeys; returns what media will say, and how much later.
    pub(crate) fn command(
        &mut self,
        at: Duration,
        command: MediaCommand,
    ) -> Vec<(Duration, MediaEvent)> {
        match command {
            MediaCommand::Open { leg, ports } => self.open(leg, ports),
            MediaCommand::Remote { leg, remote } => {
                if let Some(line) = self.lines.get_mut(&leg) {
                    line.remote = Some(remote.rtp);
                }
            }
            MediaCommand::Direct { leg, direction } => {
                if let Some(line) = self.lines.get_mut(&leg) {
                    line.direction = direction;
                }
            }
            MediaCommand::Listen { from, to } => {
                if let Some(line) = self.lines.get_mut(&to) {
                    line.room = None;
                    line.hears = Some(from);
                }
            }
            MediaCommand::Bridge { a, b } => return self.bridge(at, a, b),
            MediaCommand::Unbridge { a, b } => {
                for (one, other) in [(a, b), (b, a)] {
                    let line = self.lines.get_mut(&one).filter(|line| line.hears == Some(other));
                    if let Some(line) = line {
                        line.hears = None;
                    }
                }
            }
            MediaCommand::Close { leg } => return self.close(leg),
            MediaCommand::Play { leg, play, list } => return self.play(leg, play, &list),
            MediaCommand::StopPlay { leg } => {
                let line = self.lines.get_mut(&leg);
                let stopped = line.and_then(|line| {
                    line.loops = false;
                    line.playing.take()
                });
                if let Some(play) = stopped {
                    return vec![(SOON, MediaEvent::Played { leg, play, end: PlayEnd::Stopped })];
                }
            }
            MediaCommand::Record { recording, .. } => return self.record(recording),
            MediaCommand::StopRecording { recording } => return self.stop_recording(recording),
            MediaCommand::Formats { leg, formats } => {
                if formats.receive.is_empty() || formats.send.is_empty() {
                    self.faults.push(format!("{leg:?} has no formats"));
                }
            }
            MediaCommand::NoticeSilence { leg, after_ms } => return self.notice(leg, after_ms),
            MediaCommand::Join { leg, room, part } => self.join(at, leg, room, part),
            MediaCommand::Leave { leg } => {
                if let Some(line) = self.lines.get_mut(&leg) {
                    line.room = None;
                }
            }
            MediaCommand::PausePlay { .. }
            | MediaCommand::SendDigit { .. }
            | MediaCommand::PauseRecording { .. } => {}
            MediaCommand::Return(ports) => {
                if self.pairs.get(&ports) != Some(&None) {
                    self.faults.push(format!("{ports:?} returned that was not in the stock"));
                }
                return vec![(SOON, MediaEvent::Stock(vec![ports]))];
            }
        }
        Vec::new()
    }

    fn notice(&mut self, leg: LegId, after_ms: Option<u32>) -> Vec<(Duration, MediaEvent)> {
        let Some(line) = self.lines.get_mut(&leg) else { return Vec::new() };
        line.is_noticed = after_ms.is_some();
        let Some(after_ms) = after_ms else { return Vec::new() };
        line.notices += 1;
        vec![(Duration::from_millis(after_ms.into()), MediaEvent::FellSilent { leg })]
    }

    /// Whether an event still happens: a playing that was stopped does not end again.
    pub(crate) fn still(&mut self, event: &MediaEvent) -> bool {
        match event {
            MediaEvent::Played { end: PlayEnd::Stopped, .. } => true,
            MediaEvent::Played { leg, play, .. } => {
                let line = self.lines.get_mut(leg).filter(|line| line.playing == Some(*play));
                line.is_some_and(|line| {
                    line.loops = false;
                    line.playing.take().is_some()
                })
            }
            // Of several that were asked for the last one counts.
            MediaEvent::FellSilent { leg } => self.lines.get_mut(leg).is_some_and(|line| {
                line.notices = line.notices.saturating_sub(1);
                line.notices == 0 && std::mem::take(&mut line.is_noticed)
            }),
            MediaEvent::Digit { leg, .. } => self.lines.contains_key(leg),
            MediaEvent::Quality(notice) => self.lines.contains_key(&notice.leg),
            MediaEvent::RecordingFailed { recording, .. } => self.recordings.contains(recording),
            MediaEvent::Stock(_)
            | MediaEvent::TimedOut { .. }
            | MediaEvent::Closed { .. }
            | MediaEvent::Recorded { .. } => true,
        }
    }

    fn play(&mut self, leg: LegId, play: PlayId, list: &Playlist) -> Vec<(Duration, MediaEvent)> {
        self.played += 1;
        let Some(line) = self.lines.get_mut(&leg) else {
            return Vec::new();
        };
        let mut said = Vec::new();
        line.loops = list.repeat && !play.0.is_multiple_of(5);
        if let Some(play) = line.playing.replace(play) {
            said.push((SOON, MediaEvent::Played { leg, play, end: PlayEnd::Stopped }));
        }
        // Now and then a file is missing.
        if play.0.is_multiple_of(5) {
            said.push((SOON, MediaEvent::Played { leg, play, end: PlayEnd::Failed }));
        } else if !list.repeat {
            said.push((PROMPT, MediaEvent::Played { leg, play, end: PlayEnd::Completed }));
        }
        said
    }

    fn record(&mut self, recording: RecordingId) -> Vec<(Duration, MediaEvent)> {
        if !self.recordings.insert(recording.clone()) {
            return Vec::new();
        }
        self.recorded += 1;
        if !self.recorded.is_multiple_of(4) {
            return Vec::new();
        }
        let failed = MediaEvent::RecordingFailed { recording, cause: "no space left".into() };
        vec![(Duration::from_secs(1), failed)]
    }

    fn stop_recording(&mut self, recording: RecordingId) -> Vec<(Duration, MediaEvent)> {
        if !self.recordings.remove(&recording) {
            self.faults.push(format!("{recording} stopped, but not begun"));
            return Vec::new();
        }
        // Now and then there is hardly anything in it.
        let duration_ms = if self.recorded.is_multiple_of(3) { 500 } else { 9_000 };
        let bytes = 32 * duration_ms;
        let closed = MediaEvent::Recorded { recording, duration_ms, bytes, sha256: None };
        vec![(Duration::from_millis(5), closed)]
    }

    /// What is heard on a new bridge, and how badly: it depends on the legs only.
    fn heard(a: LegId, b: LegId) -> Vec<(Duration, MediaEvent)> {
        let mut heard = Vec::new();
        if let (Some(digit), 0) = (Digit::new('5'), a.0 % 3) {
            heard.push((Duration::from_millis(500), MediaEvent::Digit { leg: a, digit }));
        }
        if b.0.is_multiple_of(2) {
            let severity = QualitySeverity::Warning;
            let raised = QualityChange::Raised { severity, threshold: 3.0, worst: 5.0 };
            heard.push((Duration::from_secs(1), quality(b, raised)));
            let cleared = QualityChange::Cleared { worst: 6.0 };
            heard.push((Duration::from_secs(4), quality(b, cleared)));
        }
        heard
    }

    fn open(&mut self, leg: LegId, ports: PortPair) {
        match self.pairs.get_mut(&ports) {
            Some(owner @ None) => *owner = Some(leg),
            other => {
                let fault = format!("{leg:?} opens {ports:?}, which is {other:?}'s");
                self.faults.push(fault);
            }
        }
        let line = Line {
            ports,
            remote: None,
            direction: Direction::BOTH,
            hears: None,
            room: None,
            playing: None,
            loops: false,
            is_noticed: false,
            notices: 0,
            bridged: false,
        };
        if self.lines.insert(leg, line).is_some() {
            self.faults.push(format!("{leg:?} opened twice"));
        }
    }

    fn bridge(&mut self, at: Duration, a: LegId, b: LegId) -> Vec<(Duration, MediaEvent)> {
        let end = |leg: &LegId| self.lines.get(leg).map(|line| line.remote.map(|at| at.ip()));
        let (Some(one), Some(other)) = (end(&a), end(&b)) else {
            self.faults.push(format!("{a:?} and {b:?} bridged, but not open"));
            return Vec::new();
        };
        let ends = [one, other];
        self.bridged.push(Bridged { at, ends });
        for (one, other) in [(a, b), (b, a)] {
            if let Some(line) = self.lines.get_mut(&one) {
                line.room = None;
                line.hears = Some(other);
                line.bridged = true;
            }
        }
        Self::heard(a, b)
    }

    fn join(&mut self, at: Duration, leg: LegId, room: RoomId, part: Part) {
        let Some(line) = self.lines.get_mut(&leg) else { return };
        let is_new = line.room.map(|(room, _)| room) != Some(room);
        line.hears = None;
        line.room = Some((room, part));
        line.bridged = true;
        let own = line.remote.map(|at| at.ip());
        if !is_new {
            return;
        }
        let there = self.lines.iter().filter(|(other, line)| {
            **other != leg && line.room.is_some_and(|(other, _)| other == room)
        });
        let others: Vec<_> = there.map(|(_, line)| line.remote.map(|at| at.ip())).collect();
        self.bridged.extend(others.into_iter().map(|other| Bridged { at, ends: [own, other] }));
    }

    fn close(&mut self, leg: LegId) -> Vec<(Duration, MediaEvent)> {
        let Some(line) = self.lines.remove(&leg) else {
            self.faults.push(format!("{leg:?} closed, but not open"));
            return Vec::new();
        };
        self.pairs.insert(line.ports, None);
        let streams = if line.bridged { vec![stream()] } else { Vec::new() };
        let closed = MediaEvent::Closed { leg, streams };
        vec![(SOON, MediaEvent::Stock(vec![line.ports])), (SOON, closed)]
    }

    /// The leg that has this RTP port: where it sends to, which way, and whether it hears anything.
    pub(crate) fn at_port(&self, rtp: u16) -> Option<(Option<SocketAddr>, Direction, bool)> {
        let mut lines = self.lines.values();
        let line = lines.find(|line| line.ports.rtp == rtp)?;
        let busy = line.hears.is_some() || line.room.is_some() || line.playing.is_some();
        Some((line.remote, line.direction, busy))
    }

    /// Legs on which a silence would be noticed: bridged both ways and not held.
    pub(crate) fn watched(&self) -> Vec<LegId> {
        let talks = |leg: &LegId| {
            self.lines.get(leg).filter(|line| line.direction == Direction::BOTH)?.hears
        };
        let meets = |leg: &LegId| {
            let line = self.lines.get(leg).filter(|line| line.direction == Direction::BOTH);
            line.is_some_and(|line| line.room.is_some())
        };
        let legs = self.lines.keys();
        legs.filter(|leg| {
            meets(leg) || talks(leg).is_some_and(|other| talks(&other) == Some(**leg))
        })
        .copied()
        .collect()
    }

    /// How many legs are bridged with one end on hold.
    pub(crate) fn held(&self) -> usize {
        let held = |line: &Line| line.direction != Direction::BOTH;
        let other = |line: &Line| line.hears.and_then(|other| self.lines.get(&other));
        let lines = self.lines.values();
        lines.filter(|line| other(line).is_some_and(|other| held(line) || held(other))).count()
    }

    /// Recordings whose files are open.
    pub(crate) fn open_recordings(&self) -> usize {
        self.recordings.len()
    }

    /// Legs that are open.
    pub(crate) fn open_legs(&self) -> usize {
        self.lines.len()
    }
}

fn quality(leg: LegId, change: QualityChange) -> MediaEvent {
    MediaEvent::Quality(QualityNotice {
        leg,
        stream: QualityStream::Received,
        metric: QualityMetric::PacketLoss,
        change,
        source: QualitySource::LocalRtp,
        explanation: "{other} heard {party} badly".into(),
    })
}

fn stream() -> StreamQuality {
    StreamQuality {
        stream: QualityStream::Received,
        codec: "PCMU".into(),
        packets: 1_000,
        lost: 10,
        discarded: 0,
        duplicate: 0,
        jitter_avg_ms: Some(2.0),
        jitter_max_ms: Some(9.0),
        rtt_avg_ms: None,
        rtt_max_ms: None,
        mos_avg: Some(4.2),
        mos_min: Some(4.0),
    }
}
