//! The environment behind a trait, so that a map stands for it in tests.

use std::collections::BTreeMap;

/// Every variable of the server begins with this.
pub const PREFIX: &str = "TANDEM_";

/// Where overrides of configuration keys come from.
pub trait Environment {
    /// The variables that begin with [`PREFIX`], by name.
    fn variables(&self) -> BTreeMap<String, String>;
}

/// The environment of the process. A variable that is not Unicode is as good as absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variables(&self) -> BTreeMap<String, String> {
        let all = std::env::vars_os();
        let readable = all.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        readable.filter(|(name, _)| name.starts_with(PREFIX)).collect()
    }
}

impl Environment for BTreeMap<String, String> {
    fn variables(&self) -> BTreeMap<String, String> {
        self.clone()
    }
}
