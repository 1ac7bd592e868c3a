//! What a waiting caller is told between the music: that his call counts, his place, how long it
//! will take, and what he may press.

use std::time::Duration;

use acd::Standing;
use model::directory::Queue;

use crate::port::{Playlist, Sound, Spoken};

/// Announcements are at least this far apart.
const CLOSEST: Duration = Duration::from_secs(1);

/// No announcement is longer: the next one comes even if media never says that it is over.
pub(super) const LONGEST: Duration = Duration::from_secs(120);

/// When the next one comes; `None`: there is nothing to say.
pub(super) fn next(queue: &Queue, now: Duration) -> Option<Duration> {
    let says = queue.say_position
        || queue.say_wait
        || queue.message.is_some()
        || queue.menu_prompt.is_some();
    let every = Duration::from_millis(queue.announce_every_ms).max(CLOSEST);
    says.then(|| now.saturating_add(every))
}

/// What it says of who stands there; `None`: nothing, this time.
pub(super) fn list(queue: &Queue, standing: Option<Standing>) -> Option<Playlist> {
    let mut items: Vec<Sound> = queue.message.iter().map(|it| Playlist::named(it)).collect();
    if let Some(standing) = standing {
        if queue.say_position {
            items.push(Sound::Say(Spoken::Position(standing.position)));
        }
        if let Some(wait) = standing.expected_wait.filter(|_| queue.say_wait) {
            items.push(Sound::Say(Spoken::Minutes(minutes(wait))));
        }
    }
    items.extend(queue.menu_prompt.iter().map(|it| Playlist::named(it)));
    let list = Playlist { items, repeat: false, barge_in: false, language: None };
    (!list.items.is_empty()).then_some(list)
}

/// Minutes as they are said of a wait: begun ones count.
fn minutes(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs().div_ceil(60)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(expected_wait: Option<Duration>) -> Option<Standing> {
        Some(Standing { position: 3, waiting: 9, expected_wait })
    }

    #[test]
    fn begun_minutes_count_and_there_is_no_waiting_time_of_none() {
        let said = |seconds| minutes(Duration::from_secs(seconds));
        assert_eq!([said(0), said(60), said(61), said(u64::MAX)], [1, 1, 2, u32::MAX]);
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let queue = Queue { say_wait: true, ..Queue::default() };
        assert_eq!(list(&queue, standing(None)), None);
        assert_eq!(list(&queue, None), None);
        let said = list(&queue, standing(Some(Duration::from_secs(200))));
        let said = said.map(|list| list.items);
        assert_eq!(said, Some(vec![Sound::Say(Spoken::Minutes(4))]));
    }

    #[test]
    fn announcements_do_not_follow_each_other_without_a_pause() {
        let queue = Queue { announce_every_ms: 0, say_position: true, ..Queue::default() };
        assert_eq!(next(&queue, Duration::from_secs(5)), Some(Duration::from_secs(6)));
        assert_eq!(next(&Queue::default(), Duration::ZERO), None);
    }
}
