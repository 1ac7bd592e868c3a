//! A room of N parties: everyone hears the sum of the others (mix-minus), with mute, listen,
//! whisper and barge.
//!
//! Guarantees: no one hears itself; below full scale the mix is the exact sum; above, a gain that
//! moves without clicks holds it within; whoever joins, leaves, is muted or starts to speak fades
//! within 5 ms. One sum a tick serves all members, so the work grows with the members and not with
//! their pairs; after the first ticks nothing is allocated.

mod limiter;
mod voice;

use self::limiter::Limiter;
use self::voice::Voice;

/// A member's name inside its room, chosen by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberId(pub u32);

/// Whom a member's voice reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speaks {
    /// Every other member: an ordinary party, or a supervisor who barges in.
    #[default]
    All,
    /// No one: muted, or a supervisor who listens.
    Nobody,
    /// One member only: a supervisor who whispers to the agent.
    Only(MemberId),
}

/// A member's part in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Whether the others are heard: a party on hold hears nothing.
    pub hears: bool,
    /// Who hears this member.
    pub speaks: Speaks,
}

impl Default for Part {
    /// Hears all and speaks to all.
    fn default() -> Self {
        Self { hears: true, speaks: Speaks::All }
    }
}

/// The limits of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixerConfig {
    /// Samples a second of every member and listener.
    pub rate: u32,
    /// Members that fit in, those who only listen included.
    pub members_max: usize,
    /// Voices summed at once; of more, the loudest are. Whispers do not count.
    pub speakers_max: usize,
}

impl MixerConfig {
    /// 64 members of which 8 are heard at once.
    pub fn new(rate: u32) -> Self {
        Self { rate, members_max: 64, speakers_max: 8 }
    }
}

/// Why a member was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// [`MixerConfig::members_max`] is reached.
    #[error("the room is full")]
    Full,
    /// Somebody has this name.
    #[error("a member of this name is in the room")]
    Here,
}

#[derive(Debug)]
struct Member {
    id: MemberId,
    part: Part,
    voice: Voice,
    /// Its voice is among those summed.
    chosen: bool,
    /// It has left; its voice fades in the next tick.
    left: bool,
    hears: Fade,
    whispers: [Whisper; WHISPERS],
    limiter: Limiter,
}

/// One that begins and one that fades.
const WHISPERS: usize = 2;

#[derive(Debug, Clone, Copy, Default)]
struct Whisper {
    to: Option<MemberId>,
    fade: Fade,
}

/// A gain between 0 and 1 on its way to one of them, in steps of one sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Fade {
    from: usize,
    to: usize,
}

impl Fade {
    /// Begins a tick: goes on to full or to nothing.
    fn aim(&mut self, open: bool, length: usize) {
        self.from = self.to;
        self.to = if open { length } else { 0 };
    }

    fn is_shut(self) -> bool {
        self.from == 0 && self.to == 0
    }

    /// Writes `sound` faded to `out`; `length` is the fade's, and a frame is longer than that.
    fn apply(self, sound: &[i16], out: &mut [i16], length: usize) {
        out.copy_from_slice(sound);
        self.apply_in_place(out, length);
    }

    fn apply_in_place(self, sound: &mut [i16], length: usize) {
        if self.from == self.to {
            if self.to == 0 {
                sound.fill(0);
            }
            return;
        }
        let rises = self.to > self.from;
        for (at, sample) in sound.iter_mut().take(length).enumerate() {
            let gain = if rises { at } else { length - at };
            // The product is at most the sample.
            *sample = (i32::from(*sample) * gain as i32 / length as i32) as i16;
        }
        if !rises && sound.len() > length {
            sound[length..].fill(0);
        }
    }
}

/// One room. Each 20 ms: `contribute` for who has sound, `tick` once, `mix_for` for who listens.
#[derive(Debug)]
pub struct Mixer {
    config: MixerConfig,
    frame: usize,
    fade: usize,
    /// By id.
    members: Vec<Member>,
    total: Vec<i32>,
    sum: Vec<i32>,
    whispered: Vec<i16>,
    loudness: Vec<(u64, MemberId)>,
}

impl Mixer {
    /// An empty room.
    pub fn new(config: MixerConfig) -> Self {
        let frame = (config.rate as usize / 50).max(8);
        Self {
            config,
            frame,
            fade: (config.rate as usize / 200).clamp(1, frame),
            members: Vec::new(),
            total: vec![0; frame],
            sum: vec![0; frame],
            whispered: vec![0; frame],
            loudness: Vec::new(),
        }
    }

    /// Samples of one tick (20 ms).
    pub fn frame(&self) -> usize {
        self.frame
    }

    /// Lets a member in; its voice fades in over 5 ms.
    pub fn join(&mut self, id: MemberId, part: Part) -> Result<(), JoinError> {
        let at = match self.position(id) {
            Ok(at) if !self.members[at].left => return Err(JoinError::Here),
            Ok(at) => {
                // It is back before its voice has faded.
                self.members.remove(at);
                at
            }
            Err(at) => at,
        };
        if self.len() >= self.config.members_max {
            return Err(JoinError::Full);
        }
        let mut member = Member {
            id,
            part,
            voice: Voice::new(self.frame, self.fade),
            chosen: false,
            left: false,
            hears: Fade::default(),
            whispers: [Whisper::default(); WHISPERS],
            limiter: Limiter::new(self.config.rate),
        };
        member.whisper();
        self.members.insert(at, member);
        Ok(())
    }

    /// Shows a member out; its voice fades out over 5 ms. Whispers to it reach no one.
    pub fn leave(&mut self, id: MemberId) {
        if let Some(member) = self.member_mut(id) {
            member.left = true;
            member.part = Part { hears: false, speaks: Speaks::Nobody };
            member.voice.withdraw();
        }
    }

    /// Changes a member's part with a fade of 5 ms. An unknown member is ignored.
    pub fn set_part(&mut self, id: MemberId, part: Part) {
        if let Some(member) = self.member_mut(id) {
            member.part = part;
            member.whisper();
        }
    }

    /// A member's part.
    pub fn part(&self, id: MemberId) -> Option<Part> {
        self.member(id).map(|member| member.part)
    }

    /// Members in the room.
    pub fn len(&self) -> usize {
        self.members.iter().filter(|member| !member.left).count()
    }

    /// Whether nobody is in the room.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A member's sound of this tick: [`Mixer::frame`] samples; fewer are filled up with silence,
    /// more are cut. Who contributes nothing is silent. Unknown members are ignored.
    pub fn contribute(&mut self, id: MemberId, sound: &[i16]) {
        if let Some(member) = self.member_mut(id) {
            member.voice.take(sound);
        }
    }

    /// Ends the contributions of this tick and sums them.
    pub fn tick(&mut self) {
        self.members.retain(|member| !member.left || member.voice.sounds());
        for member in &mut self.members {
            member.voice.shape();
            member.hears.aim(member.part.hears, self.fade);
            for whisper in &mut member.whispers {
                whisper.fade.aim(member.part.speaks == whisper.speaks(), self.fade);
            }
        }
        self.choose();
        self.total.fill(0);
        for member in &mut self.members {
            let speaks = member.part.speaks == Speaks::All && member.chosen;
            // Who left fades from what was heard, which may be nothing.
            let open = if member.left { member.voice.is_open() } else { speaks };
            member.voice.fade_to_all(open);
            if let Some(voice) = member.voice.to_all() {
                add(&mut self.total, voice);
            }
        }
    }

    /// Writes what a member hears in this tick ([`Mixer::frame`] samples, whatever was in `out` is
    /// replaced); once a tick. False, and silence, when it hears nothing or is not here.
    pub fn mix_for(&mut self, id: MemberId, out: &mut Vec<i16>) -> bool {
        out.clear();
        out.resize(self.frame, 0);
        let Ok(at) = self.position(id) else { return false };
        let hears = self.members[at].hears;
        if self.members[at].left || hears.is_shut() {
            return false;
        }
        self.sum.copy_from_slice(&self.total);
        if let Some(own) = self.members[at].voice.to_all() {
            subtract(&mut self.sum, own);
        }
        for whisperer in &self.members {
            let (true, Some(voice)) = (whisperer.id != id, whisperer.voice.sound()) else {
                continue;
            };
            for whisper in &whisperer.whispers {
                if whisper.to == Some(id) && !whisper.fade.is_shut() {
                    whisper.fade.apply(voice, &mut self.whispered, self.fade);
                    add(&mut self.sum, &self.whispered);
                }
            }
        }
        self.members[at].limiter.limit(&self.sum, out);
        hears.apply_in_place(out, self.fade);
        true
    }

    /// Of more voices than may be heard at once, the loudest; who is heard has a lead of 3 dB.
    fn choose(&mut self) {
        self.loudness.clear();
        for member in &self.members {
            if member.part.speaks == Speaks::All && member.voice.sounds() {
                let lead = 1 + u64::from(member.chosen);
                self.loudness.push((member.voice.loudness() * lead, member.id));
            }
        }
        if self.loudness.len() > self.config.speakers_max {
            self.loudness.sort_unstable_by(|a, b| b.cmp(a));
            self.loudness.truncate(self.config.speakers_max);
        }
        for member in &mut self.members {
            // Who is silent keeps a place only until it is needed.
            let among = self.loudness.iter().any(|&(_, id)| id == member.id);
            member.chosen = among || (!member.voice.sounds() && member.chosen);
        }
    }

    fn position(&self, id: MemberId) -> Result<usize, usize> {
        self.members.binary_search_by_key(&id, |member| member.id)
    }

    fn member(&self, id: MemberId) -> Option<&Member> {
        let at = self.position(id).ok()?;
        Some(&self.members[at]).filter(|member| !member.left)
    }

    fn member_mut(&mut self, id: MemberId) -> Option<&mut Member> {
        let at = self.position(id).ok()?;
        Some(&mut self.members[at]).filter(|member| !member.left)
    }
}

impl Member {
    /// Makes a place for the whisper that the part asks for; the one before fades.
    fn whisper(&mut self) {
        let Speaks::Only(to) = self.part.speaks else { return };
        if self.whispers.iter().all(|whisper| whisper.to != Some(to)) {
            self.whispers.rotate_right(1);
            self.whispers[0] = Whisper { to: Some(to), fade: Fade::default() };
        }
    }
}

impl Whisper {
    fn speaks(&self) -> Speaks {
        self.to.map_or(Speaks::Nobody, Speaks::Only)
    }
}

fn add(sum: &mut [i32], voice: &[i16]) {
    for (sum, &sample) in sum.iter_mut().zip(voice) {
        *sum += i32::from(sample);
    }
}

fn subtract(sum: &mut [i32], voice: &[i16]) {
    for (sum, &sample) in sum.iter_mut().zip(voice) {
        *sum -= i32::from(sample);
    }
}

#[cfg(test)]
mod tests;
