//! What the configuration says to IVRs: the time zone, and what is said where the definition of an
//! IVR says nothing.

use std::sync::Arc;

/// IVRs where their definitions say nothing else. Prompts are named as
/// [`Playlist::named`](crate::port::Playlist::named) reads them; in texts `{name}` stands for a
/// user's name and `{digit}` for a key.
#[derive(Clone, Debug)]
pub struct IvrSettings {
    /// IANA name of the organisation's time zone, for schedules that name none; `None`: UTC.
    pub timezone: Option<Arc<str>>,
    /// Play directory: how it asks where its IVR has no greeting.
    pub spell_prompt: Arc<str>,
    /// Play directory: nobody has such a name.
    pub no_name_prompt: Arc<str>,
    /// Play directory: one of several; with `{name}` and `{digit}`.
    pub choice_text: Arc<str>,
    /// Play directory: after the last choice.
    pub again_prompt: Arc<str>,
    /// Play directory: before he is rung; with `{name}`.
    pub connecting_text: Arc<str>,
}

impl Default for IvrSettings {
    fn default() -> Self {
        Self {
            timezone: None,
            spell_prompt: "Please spell the name on the keys of your telephone, then press the \
                           hash key."
                .into(),
            no_name_prompt: "There is nobody of that name.".into(),
            choice_text: "For {name} press {digit}.".into(),
            again_prompt: "To spell another name, press star.".into(),
            connecting_text: "Connecting you to {name}.".into(),
        }
    }
}
