//! One RTP packet: read with every length checked, written, and rewritten in place
//! (RFC 3550 §5.1, appendix A.1), and told apart from RTCP on a shared port (RFC 5761 §4).
//! No input panics; a packet that does not add up is an error that names what is wrong.

/// The fixed header, in octets (RFC 3550 §5.1).
pub const HEADER_LEN: usize = 12;
/// The shortest RTCP packet, header and one SSRC, in octets (RFC 3550 §6.4).
pub const RTCP_LEN_MIN: usize = 8;

const VERSION: u8 = 2;
const PADDING: u8 = 0x20;
const EXTENSION: u8 = 0x10;
const MARKER: u8 = 0x80;

/// What is wrong with a datagram that should be RTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Shorter than the fixed header.
    #[error("{0} octets are shorter than an RTP header")]
    Short(usize),
    /// Not version 2.
    #[error("RTP version {0} is not 2")]
    Version(u8),
    /// The list of contributing sources is longer than the packet.
    #[error("the list of contributing sources passes the packet's end")]
    Contributors,
    /// The header extension is longer than the packet.
    #[error("the header extension passes the packet's end")]
    Extension,
    /// The padding is empty or longer than the payload.
    #[error("the padding is empty or longer than the payload")]
    Padding,
}

/// A packet as it came, borrowed from its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// 0–127, as negotiated (RFC 3551).
    pub payload_type: u8,
    /// First packet of a talk spurt or of an event.
    pub marker: bool,
    /// Goes on by one with every packet, wraps.
    pub sequence: u16,
    /// In units of the payload's clock, wraps.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
    /// Without padding.
    pub payload: &'a [u8],
    /// Octets before the payload: fixed header, contributing sources, extension.
    pub header_len: usize,
}

impl<'a> Packet<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// [`PacketError`], where version or lengths are wrong.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, PacketError> {
        let Some((fixed, rest)) = datagram.split_first_chunk::<HEADER_LEN>() else {
            return Err(PacketError::Short(datagram.len()));
        };
        let &[first, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3] = fixed;
        if first >> 6 != VERSION {
            return Err(PacketError::Version(first >> 6));
        }
        let contributors_len = usize::from(first & 0x0f) * 4;
        let rest = rest.get(contributors_len..).ok_or(PacketError::Contributors)?;
        let body = if first & EXTENSION == 0 { rest } else { after_extension(rest)? };
        let payload = if first & PADDING == 0 { body } else { without_padding(body)? };
        Ok(Self {
            payload_type: second & !MARKER,
            marker: second & MARKER != 0,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([i0, i1, i2, i3]),
            payload,
            header_len: datagram.len() - body.len(),
        })
    }

    /// The fixed header's fields, which do not borrow the datagram.
    #[must_use]
    pub fn header(&self) -> Header {
        Header {
            payload_type: self.payload_type,
            marker: self.marker,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        }
    }
}

fn after_extension(rest: &[u8]) -> Result<&[u8], PacketError> {
    let &[_, _, l0, l1, ..] = rest else {
        return Err(PacketError::Extension);
    };
    let len = 4 + usize::from(u16::from_be_bytes([l0, l1])) * 4;
    rest.get(len..).ok_or(PacketError::Extension)
}

fn without_padding(body: &[u8]) -> Result<&[u8], PacketError> {
    let padding = body.last().map_or(0, |&octets| usize::from(octets));
    if padding == 0 || padding > body.len() {
        return Err(PacketError::Padding);
    }
    Ok(&body[..body.len() - padding])
}

/// The fields of a fixed header: no contributing sources, no extension, no padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// 0–127; a higher bit is cut off in writing.
    pub payload_type: u8,
    /// First packet of a talk spurt or of an event.
    pub marker: bool,
    /// Goes on by one with every packet, wraps.
    pub sequence: u16,
    /// In units of the payload's clock, wraps.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
}

impl Header {
    /// Writes the header for a packet that has nothing but a payload after it.
    pub fn write(&self, out: &mut [u8; HEADER_LEN]) {
        out[0] = VERSION << 6;
        self.write_fields(out);
    }

    /// Writes everything but the first octet, so that what follows the header keeps its meaning.
    fn write_fields(&self, out: &mut [u8; HEADER_LEN]) {
        out[1] = self.payload_type & !MARKER | if self.marker { MARKER } else { 0 };
        out[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        out[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
    }
}

/// Appends a packet of `header` and `payload` to `out`.
pub fn write_packet(header: &Header, payload: &[u8], out: &mut Vec<u8>) {
    let mut fixed = [0; HEADER_LEN];
    header.write(&mut fixed);
    out.reserve(HEADER_LEN + payload.len());
    out.extend_from_slice(&fixed);
    out.extend_from_slice(payload);
}

/// Puts all of `header` into a datagram that [`Packet::parse`] accepted; its contributing sources,
/// extension, padding and payload stay. A datagram shorter than a header stays as it is.
pub fn rewrite(datagram: &mut [u8], header: &Header) {
    if let Some(fixed) = datagram.first_chunk_mut::<HEADER_LEN>() {
        header.write_fields(fixed);
    }
}

/// Sets the payload type (0–127) in a parsed datagram and leaves the marker.
pub fn set_payload_type(datagram: &mut [u8], payload_type: u8) {
    if let Some(second) = datagram.get_mut(1) {
        *second = *second & MARKER | payload_type & !MARKER;
    }
}

/// Sets the marker in a parsed datagram and leaves the payload type.
pub fn set_marker(datagram: &mut [u8], marker: bool) {
    if let Some(second) = datagram.get_mut(1) {
        *second = *second & !MARKER | if marker { MARKER } else { 0 };
    }
}

/// Sets the sequence number in a parsed datagram.
pub fn set_sequence(datagram: &mut [u8], sequence: u16) {
    if let Some(field) = datagram.get_mut(2..4) {
        field.copy_from_slice(&sequence.to_be_bytes());
    }
}

/// Sets the timestamp in a parsed datagram.
pub fn set_timestamp(datagram: &mut [u8], timestamp: u32) {
    if let Some(field) = datagram.get_mut(4..8) {
        field.copy_from_slice(&timestamp.to_be_bytes());
    }
}

/// Sets the synchronisation source in a parsed datagram.
pub fn set_ssrc(datagram: &mut [u8], ssrc: u32) {
    if let Some(field) = datagram.get_mut(8..12) {
        field.copy_from_slice(&ssrc.to_be_bytes());
    }
}

/// Whether a datagram on a port that RTP and RTCP share is RTCP: version 2, a packet type of
/// 192–223 where RTP has marker and payload types 64–95 (RFC 5761 §4), and long enough for one.
#[must_use]
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, &[first, 192..=223, ..] if first >> 6 == VERSION)
        && datagram.len() >= RTCP_LEN_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two contributing sources, an extension of one word, four octets of sound, four of padding.
    const FULL: [u8; 36] = [
        0xb2, 0x80, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, // fixed
        0, 0, 0, 1, 0, 0, 0, 2, // contributing sources
        0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0, // extension
        0xd5, 0xd5, 0xd5, 0xd5, 0, 0, 0, 4, // payload and padding
    ];

    #[test]
    fn every_part_is_found() {
        let packet = Packet::parse(&FULL).unwrap();
        let header = Header {
            payload_type: 0,
            marker: true,
            sequence: 0x1234,
            timestamp: 160,
            ssrc: 0xdead_beef,
        };
        assert_eq!(packet.header(), header);
        assert_eq!((packet.payload, packet.header_len), (&[0xd5; 4][..], 28));
    }

    #[test]
    fn every_length_is_checked() {
        let mut unpadded = FULL;
        unpadded[0] &= !PADDING;
        for len in 0..FULL.len() {
            let expected = match len {
                0..12 => Err(PacketError::Short(len)),
                12..20 => Err(PacketError::Contributors),
                20..28 => Err(PacketError::Extension),
                _ => Ok(len - 28),
            };
            let read = Packet::parse(&unpadded[..len]).map(|packet| packet.payload.len());
            assert_eq!(read, expected, "{len}");
        }
        // Padding of nothing, of more than there is, and of all there is.
        for (padding, expected) in
            [(0, Err(PacketError::Padding)), (9, Err(PacketError::Padding)), (8, Ok(0))]
        {
            let mut datagram = FULL;
            datagram[35] = padding;
            assert_eq!(Packet::parse(&datagram).map(|packet| packet.payload.len()), expected);
        }
        assert_eq!(Packet::parse(&FULL[..28]), Err(PacketError::Padding));
        let mut version = FULL;
        version[0] ^= 0xc0;
        assert_eq!(Packet::parse(&version), Err(PacketError::Version(1)));
    }

    #[test]
    fn fields_are_set_in_place() {
        let mut datagram = FULL;
        set_payload_type(&mut datagram, 101);
        set_sequence(&mut datagram, 7);
        set_timestamp(&mut datagram, 8);
        set_ssrc(&mut datagram, 9);
        let packet = Packet::parse(&datagram).unwrap();
        let header = Header { payload_type: 101, marker: true, sequence: 7, timestamp: 8, ssrc: 9 };
        assert_eq!(packet.header(), header);
        set_marker(&mut datagram, false);
        assert_eq!(datagram[1], 101);
        let mut rewritten = FULL;
        rewrite(&mut rewritten, &Header { marker: false, ..header });
        assert_eq!(rewritten, datagram);
        // What is too short stays.
        let mut short = [0x80];
        rewrite(&mut short, &header);
        set_ssrc(&mut short, 1);
        assert_eq!(short, [0x80]);
    }

    #[test]
    fn rtcp_is_known_by_its_type() {
        assert!(is_rtcp(&[0x81, 200, 0, 1, 0, 0, 0, 1]));
        assert!(is_rtcp(&[0x81, 192, 0, 1, 0, 0, 0, 1]));
        assert!(!is_rtcp(&[0x81, 191, 0, 1, 0, 0, 0, 1]));
        assert!(!is_rtcp(&[0x81, 224, 0, 1, 0, 0, 0, 1]));
        assert!(!is_rtcp(&[0x01, 200, 0, 1, 0, 0, 0, 1]));
        assert!(!is_rtcp(&[0x81, 200, 0, 1, 0, 0, 0]));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            payload_type in 0..128_u8,
            marker: bool,
            sequence: u16,
            timestamp: u32,
            ssrc: u32,
            payload in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let header = Header { payload_type, marker, sequence, timestamp, ssrc };
            let mut datagram = Vec::new();
            write_packet(&header, &payload, &mut datagram);
            let packet = Packet::parse(&datagram).unwrap();
            prop_assert_eq!(packet.header(), header);
            prop_assert_eq!(packet.payload, &payload[..]);
        }
    }
}
