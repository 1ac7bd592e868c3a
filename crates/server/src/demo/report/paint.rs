//! Colours of a terminal (ECMA-48 SGR), or none.

/// Whether and how text is coloured.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Paint {
    on: bool,
}

/// Colours of the scenes: readable on dark and on light ground.
const SCENES: [&str; 6] = ["36", "35", "33", "34", "32", "31"];

impl Paint {
    /// Colours, or plain text.
    pub(in crate::demo) fn new(on: bool) -> Self {
        Self { on }
    }

    /// A heading.
    pub(in crate::demo) fn bold(self, text: &str) -> String {
        self.sgr("1", text)
    }

    /// What matters less.
    pub(in crate::demo) fn dim(self, text: &str) -> String {
        self.sgr("2", text)
    }

    /// What is well.
    pub(in crate::demo) fn good(self, text: &str) -> String {
        self.sgr("32", text)
    }

    /// What is not.
    pub(in crate::demo) fn bad(self, text: &str) -> String {
        self.sgr("1;31", text)
    }

    /// The colour of a scene.
    pub(in crate::demo) fn of_scene(self, scene: Option<usize>, text: &str) -> String {
        self.sgr(scene.map_or("1;31", |index| SCENES[index % SCENES.len()]), text)
    }

    fn sgr(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
