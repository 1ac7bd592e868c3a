//! Datagrams that arrive damaged. What a checksum would have caught is not the point: a damaged
//! message is the cheapest source of messages that nobody would think of sending.

use bytes::Bytes;

use crate::random::Random;

/// What is put in place of a byte.
const BYTES: &[u8] = b"\0\r\n\t \"%,.:;<=>@\\09azAZ\x7f\xc3\xff";

/// A copy with a fault or two.
pub(crate) fn damaged(message: &Bytes, random: &mut Random) -> Bytes {
    let mut bytes = message.to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len() as u64) as usize;
        let end = (at + random.below(40) as usize).min(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = *random.pick(BYTES);
                }
            }
        }
    }
    Bytes::from(bytes)
}
