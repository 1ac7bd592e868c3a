//! One member after the other by position; each lap begins with the first.

use model::UserId;

use super::Field;
use super::laps::{Circle, Order};

#[derive(Debug, Default)]
pub(super) struct Sequential {
    circle: Circle,
}

impl Order for Sequential {
    fn begin(&mut self, _field: &Field<'_>) {
        self.circle.begin(0);
    }

    fn next(&mut self, field: &Field<'_>) -> Option<UserId> {
        self.circle.next(field)
    }
}
