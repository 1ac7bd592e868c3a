//! One member after the other by position; a lap begins with the one after the cursor, which is
//! the member who was last offered a call of the group (D42).

use model::UserId;

use super::Field;
use super::laps::{Circle, Order};

#[derive(Debug, Default)]
pub(super) struct RoundRobin {
    circle: Circle,
}

impl Order for RoundRobin {
    fn begin(&mut self, field: &Field<'_>) {
        self.circle.begin(field.cursor.map_or(0, |last| last.saturating_add(1)));
    }

    fn next(&mut self, field: &Field<'_>) -> Option<UserId> {
        self.circle.next(field)
    }
}
