//! The end of a phone's RTP session, without IO: says frames in their time, digits as RFC 4733
//! events and reports as RTCP; keeps what it heard.

use std::sync::Arc;
use std::time::Duration;

use rtp::reception::Reception;
use rtp::rtcp::{Composition, NtpTime, ReportBlock, RtcpPacket, SenderInfo, write_compound};
use rtp::{Digit, EventSender, Header, Packet, Press, write_packet};

use super::road::Parcel;
use super::voice::{FRAME_MS, Speech, Voice};

const FRAME_TIME: Duration = Duration::from_millis(FRAME_MS as u64);
/// Between two of its reports: fewer packets than come meanwhile have no score.
const REPORTS: Duration = Duration::from_millis(700);

/// A packet that was heard.
#[derive(Clone, Debug)]
pub(crate) struct HeardPacket {
    /// When it came.
    pub(crate) at: Duration,
    /// Its header.
    pub(crate) header: Header,
    /// Its payload.
    pub(crate) payload: Vec<u8>,
}

/// A frame that was said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    /// When its packet was sent.
    pub(crate) at: Duration,
    /// Which frame of the speech it was, counted on where that repeats.
    pub(crate) frame: usize,
}

/// What a phone said and heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sounds {
    /// RTP that came.
    pub(crate) heard: Vec<HeardPacket>,
    /// RTCP that came.
    pub(crate) reports: Vec<Vec<u8>>,
    /// Frames that went.
    pub(crate) said: Vec<Said>,
}

/// The numbers that the other side gave to what we send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// Of the sound.
    pub(crate) sound: u8,
    /// Of telephone-event.
    pub(crate) events: Option<u8>,
}

/// One end.
pub(crate) struct Wire {
    voice: Voice,
    numbers: Numbers,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    packets: u32,
    /// When the next frame is due; `None`: the mouth is shut.
    due: Option<Duration>,
    report_due: Option<Duration>,
    silence: Arc<Speech>,
    speech: Arc<Speech>,
    spoken: usize,
    keys: EventSender,
    key_began: u32,
    reception: Reception,
    wall: Duration,
}

impl Wire {
    /// An end that is silent. `wall` is the time since 1970 at the beginning of its clock.
    pub(crate) fn new(voice: Voice, ssrc: u32, wall: Duration, silence: Arc<Speech>) -> Self {
        let clock = voice.kind.rtp_clock();
        Self {
            voice,
            numbers: Numbers { sound: 0, events: None },
            ssrc,
            sequence: ssrc as u16,
            timestamp: ssrc.wrapping_mul(7),
            packets: 0,
            due: None,
            report_due: None,
            speech: silence.clone(),
            silence,
            spoken: 0,
            keys: EventSender::new(clock, FRAME_MS),
            key_began: 0,
            reception: Reception::new(clock),
            wall,
        }
    }

    /// Opens the mouth, if it is not open.
    pub(crate) fn talk(&mut self, now: Duration, numbers: Numbers) {
        self.numbers = numbers;
        self.due.get_or_insert(now);
        self.report_due.get_or_insert(now + REPORTS);
    }

    /// Shuts the mouth; reports go on.
    pub(crate) fn shut(&mut self) {
        self.due = None;
    }

    /// Neither speaks nor reports.
    pub(crate) fn hush(&mut self) {
        self.due = None;
        self.report_due = None;
    }

    /// Says this from the next frame on.
    pub(crate) fn say(&mut self, speech: Arc<Speech>) {
        self.speech = speech;
        self.spoken = 0;
    }

    /// Presses keys, one after the other.
    pub(crate) fn press(&mut self, digits: &[Digit]) {
        for digit in digits {
            // The tests press fewer keys than can wait.
            let _ = self.keys.push(Press::new(*digit));
        }
    }

    /// When [`Wire::work`] is wanted.
    pub(crate) fn wake(&self) -> Option<Duration> {
        [self.due, self.report_due].into_iter().flatten().min()
    }

    /// Sends what is due.
    pub(crate) fn work(&mut self, now: Duration, sounds: &mut Sounds, out: &mut Vec<Parcel>) {
        while let Some(due) = self.due.filter(|due| *due <= now) {
            self.due = Some(due + FRAME_TIME);
            self.frame(now, due, sounds, out);
        }
        if self.report_due.is_some_and(|due| due <= now) {
            self.report_due = Some(now + REPORTS);
            out.push(Parcel { control: true, bytes: self.report(now) });
        }
    }

    fn frame(&mut self, now: Duration, due: Duration, sounds: &mut Sounds, out: &mut Vec<Parcel>) {
        let event = self.numbers.events.and_then(|number| Some((number, self.keys.poll(due)?)));
        if let Some((number, event)) = event {
            if event.marker {
                self.key_began = self.timestamp;
            }
            let timestamp = self.key_began.wrapping_add(event.timestamp_offset);
            out.push(self.packet(number, event.marker, timestamp, &event.payload));
        } else {
            let speech = self.speech.clone();
            let silence = self.silence.clone();
            let payload = speech.frame(self.spoken).or_else(|| silence.frame(self.spoken));
            let marker = self.packets == 0;
            let payload = payload.unwrap_or_default();
            out.push(self.packet(self.numbers.sound, marker, self.timestamp, payload));
            sounds.said.push(Said { at: now, frame: self.spoken });
            self.spoken += 1;
        }
        let units = self.voice.kind.rtp_clock() / 1_000 * FRAME_MS;
        self.timestamp = self.timestamp.wrapping_add(units);
    }

    fn packet(&mut self, number: u8, marker: bool, timestamp: u32, payload: &[u8]) -> Parcel {
        let (sequence, ssrc) = (self.sequence, self.ssrc);
        let header = Header { payload_type: number, marker, sequence, timestamp, ssrc };
        self.sequence = sequence.wrapping_add(1);
        self.packets += 1;
        let mut bytes = Vec::new();
        write_packet(&header, payload, &mut bytes);
        Parcel { control: false, bytes }
    }

    /// Takes what arrived.
    pub(crate) fn hear(&mut self, now: Duration, parcel: Parcel, sounds: &mut Sounds) {
        if parcel.control || rtp::is_rtcp(&parcel.bytes) {
            self.read_report(now, &parcel.bytes);
            sounds.reports.push(parcel.bytes);
        } else if let Ok(packet) = Packet::parse(&parcel.bytes) {
            let header = packet.header();
            let Header { sequence, timestamp, ssrc, marker, .. } = header;
            let length = packet.payload.len();
            self.reception.receive(now, sequence, timestamp, ssrc, marker, length);
            sounds.heard.push(HeardPacket { at: now, header, payload: packet.payload.to_vec() });
        }
    }

    fn read_report(&mut self, now: Duration, bytes: &[u8]) {
        let Ok(compound) = rtp::rtcp::Compound::parse(bytes) else { return };
        for packet in compound.packets().flatten() {
            if let RtcpPacket::SenderReport(report) = packet {
                self.reception.sender_report(now, report.info.ntp.middle());
            }
        }
    }

    fn report(&mut self, now: Duration) -> Vec<u8> {
        let micros = u64::try_from((self.wall + now).as_micros()).unwrap_or(u64::MAX);
        let values = self.reception.report_block(now);
        let block = values.map(|values| ReportBlock {
            ssrc: values.ssrc,
            fraction_lost: values.fraction_lost,
            cumulative_lost: values.cumulative_lost,
            highest_sequence: values.extended_highest,
            jitter: values.jitter,
            last_sender_report: values.lsr,
            delay_since_last: values.dlsr,
        });
        let blocks: Vec<ReportBlock> = block.into_iter().collect();
        let mut composition = Composition::new(self.ssrc, "phone@tandem.test");
        composition.reports = &blocks;
        composition.sender = (self.packets > 0).then_some(SenderInfo {
            ntp: NtpTime::from_unix_micros(micros),
            rtp_timestamp: self.timestamp,
            packets: self.packets,
            octets: 0,
        });
        let mut bytes = Vec::new();
        write_compound(&composition, &mut bytes);
        bytes
    }
}
