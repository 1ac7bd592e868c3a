//! A room of N parties: everyone hears the sum of the others (mix-minus), with mute, listen,
//! whisper and barge.

/// What a member's voice reaches.
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

/// A member's name inside its room, chosen by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberId(pub u32);

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
    /// Voices summed at once; of more, the loudest are.
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
    #[error("the member is in the room")]
    Here,
}

/// One room. Each 20 ms: `contribute` for who has sound, `tick` once, `mix_for` for who listens.
#[derive(Debug)]
pub struct Mixer {
    config: MixerConfig,
}

impl Mixer {
    /// An empty room.
    pub fn new(config: MixerConfig) -> Self {
        Self { config }
    }

    /// Samples of one tick (20 ms).
    pub fn frame(&self) -> usize {
        self.config.rate as usize / 50
    }

    /// Lets a member in; its voice fades in over 5 ms.
    pub fn join(&mut self, _id: MemberId, _part: Part) -> Result<(), JoinError> {
        Ok(())
    }

    /// Shows a member out; its voice fades out over 5 ms. Whispers to it reach no one.
    pub fn leave(&mut self, _id: MemberId) {}

    /// Changes a member's part with a fade of 5 ms. An unknown member is ignored.
    pub fn set_part(&mut self, _id: MemberId, _part: Part) {}

    /// A member's part.
    pub fn part(&self, _id: MemberId) -> Option<Part> {
        None
    }

    /// Members in the room.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether nobody is in the room.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A member's sound of this tick: [`Mixer::frame`] samples; fewer are filled up with silence, more
    /// are cut. Who contributes nothing is silent.
    pub fn contribute(&mut self, _id: MemberId, _frame: &[i16]) {}

    /// Ends the contributions of this tick and sums them.
    pub fn tick(&mut self) {}

    /// Writes what a member hears in this tick ([`Mixer::frame`] samples, whatever was in `out` is
    /// replaced); false and silence when it hears nothing or is not here.
    pub fn mix_for(&mut self, _id: MemberId, out: &mut Vec<i16>) -> bool {
        out.clear();
        out.resize(self.frame(), 0);
        false
    }
}
