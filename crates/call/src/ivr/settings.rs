//! What the configuration says to IVRs where their definitions say nothing.

use std::sync::Arc;

/// IVRs where their definitions say nothing else.
#[derive(Clone, Debug, Default)]
pub struct IvrSettings {
    /// IANA name of the organisation's time zone, for schedules that name none; `None`: UTC.
    pub timezone: Option<Arc<str>>,
}
