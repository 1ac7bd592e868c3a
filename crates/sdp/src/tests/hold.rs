//! Hold and resume (RFC 3264 §8.4, RFC 6337 §5.3, RFC 2543 §B.5).

use super::{local, offer};
use crate::{Direction, LocalMedia, Terms, default_codecs};

/// The peer's direction as read, and the direction we answered.
fn held(local: &mut LocalMedia, lines: &[&str]) -> (Direction, Direction, bool) {
    let offer = offer(&[&["m=audio 4000 RTP/AVP 0"], lines].concat());
    let answer = local.answer(&offer, Terms::new(&default_codecs())).unwrap();
    (offer.audio.direction, answer.direction, offer.audio.remote.is_some())
}

#[test]
fn every_form_of_hold() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    let mut local = local();
    let mut held = |lines: &[&str]| held(&mut local, lines);
    assert_eq!(held(&[]), (SendRecv, SendRecv, true));
    assert_eq!(held(&["a=sendonly"]), (SendOnly, RecvOnly, true));
    assert_eq!(held(&["a=inactive"]), (Inactive, Inactive, true));
    assert_eq!(held(&["a=recvonly"]), (RecvOnly, SendOnly, true));
    // The old form: an address that cannot be sent to.
    let old = "c=IN IP4 0.0.0.0";
    assert_eq!(held(&[old]), (SendOnly, RecvOnly, false));
    assert_eq!(held(&[old, "a=sendonly"]), (SendOnly, RecvOnly, false));
    assert_eq!(held(&[old, "a=inactive"]), (Inactive, Inactive, false));
    assert_eq!(held(&[old, "a=recvonly"]), (Inactive, Inactive, false));
    assert_eq!(held(&["c=IN IP6 ::"]), (SendOnly, RecvOnly, false));
    // Resumed.
    assert_eq!(held(&["a=sendrecv"]), (SendRecv, SendRecv, true));
}

/// A direction at session level counts where the stream has none.
#[test]
fn a_session_level_direction_is_the_default() {
    let lines = ["c=IN IP4 192.0.2.10", "t=0 0", "a=inactive", "m=audio 4000 RTP/AVP 0"];
    let read = |lines: &[&str]| {
        crate::AudioOffer::read(&super::description(lines)).unwrap().audio.direction
    };
    assert_eq!(read(&lines), Direction::Inactive);
    let own = [&lines[..], &["a=sendrecv"]].concat();
    assert_eq!(read(&own), Direction::SendRecv);
}

/// Holding back and forth changes nothing but direction and version.
#[test]
fn hold_and_resume_by_us() {
    let codecs = default_codecs();
    let mut local = local();
    let talk = super::shown(&local.offer(Terms::new(&codecs)));
    let hold = super::shown(&local.offer(Terms::new(&codecs).direction(Direction::SendOnly)));
    let again = super::shown(&local.offer(Terms::new(&codecs)));
    assert_eq!(hold, talk.replace("o=- 7 0", "o=- 7 1").replace("sendrecv", "sendonly"));
    assert_eq!(again, talk.replace("o=- 7 0", "o=- 7 2"));
}
