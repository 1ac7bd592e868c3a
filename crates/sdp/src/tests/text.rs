//! Reading and writing the text (RFC 8866 §5, RFC 5118 §4).

use super::{body, description, shown};
use crate::parse::{MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_MEDIA};
use crate::{AudioOffer, Refusal488, SdpError, SessionDescription};

fn parse(text: &str) -> Result<SessionDescription, SdpError> {
    SessionDescription::parse(text.as_bytes())
}

#[test]
fn unknown_lines_and_attributes_stay_in_order() {
    let text = body(&[
        "v=0",
        "o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1",
        "s=Call to John Smith",
        "i=SDP Offer #1",
        "u=http://www.jdoe.example.com/home.html",
        "e=Jane Doe <jane@jdoe.example.com>",
        "p=+1 617 555-6011",
        "c=IN IP4 198.51.100.1",
        "b=CT:128",
        "t=0 0",
        "q=from a later specification",
        "a=group:BUNDLE 0",
        "a=x-nobody-knows",
        "m=audio 49170/2 RTP/AVP 0 96",
        "i=the microphone",
        "c=IN IP6 2001:db8::1",
        "k=clear:key",
        "a=rtpmap:96 x-new/8000",
        "a=fmtp:96 what=ever; and=more",
        "a=sendrecv",
        "m=application 0 TCP/BFCP *",
    ]);
    let description = SessionDescription::parse(&text).unwrap();
    assert_eq!(shown(&description.write()), shown(&text));
    assert_eq!(description.media[0].port_count, Some(2));
    assert_eq!(description.lines.attribute("group"), Some("BUNDLE 0"));
    assert_eq!(description.lines.attribute("x-nobody-knows"), Some(""));
}

#[test]
fn bare_line_feeds_blank_lines_and_gaps_are_tolerated() {
    let description =
        parse("\nv=0\no=a b 1 2 IN IP4 192.0.2.1\n\nm=audio 4 RTP/AVP 0\n\n").unwrap();
    assert_eq!(&*description.origin.username, "a b");
    insta::assert_snapshot!(shown(&description.write()), @r"
    v=0
    o=a b 1 2 IN IP4 192.0.2.1
    s=
    m=audio 4 RTP/AVP 0
    ");
}

#[test]
fn text_in_another_encoding_does_not_matter() {
    let latin1 = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=Andr\xe9\r\nt=0 0\r\n";
    assert_eq!(&*SessionDescription::parse(latin1).unwrap().name, "Andr\u{fffd}");
}

#[test]
fn each_fault_has_its_cause() {
    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n";
    let with = |line: &str| parse(&format!("{HEAD}{line}\r\n")).unwrap_err();
    assert_eq!(parse("").unwrap_err(), SdpError::Version);
    assert_eq!(parse("v=1\r\n").unwrap_err(), SdpError::Version);
    assert_eq!(parse("o=- 1 1 IN IP4 192.0.2.1\r\n").unwrap_err(), SdpError::Version);
    assert_eq!(parse("v=0\r\ns=-\r\n").unwrap_err(), SdpError::Origin);
    assert_eq!(parse("v=0\r\no=- 1 IN IP4 192.0.2.1\r\n").unwrap_err(), SdpError::Origin);
    for line in ["nonsense", "aa=b", "=b", " a=b", "a=b\rc", "a=b\0", "v=0", "s=again", "ä=b"] {
        assert_eq!(with(line), SdpError::Line { line: 4 }, "{line:?}");
    }
    for line in ["c=IN IP4", "c=IN IP6 [::1]", "c=ATM NSAP 47", "c=IN IP4 1.2.3.4 5"] {
        assert_eq!(with(line), SdpError::Connection { line: 4 }, "{line:?}");
    }
    for line in
        ["m=audio", "m=audio 65536 RTP/AVP 0", "m=audio -1 RTP/AVP 0", "m=audio 1/x RTP/AVP"]
    {
        assert_eq!(with(line), SdpError::Media { line: 4 }, "{line:?}");
    }
}

/// Each limit, at its last allowed value and one past it.
#[test]
fn limits() {
    const HEAD: &str = "v=0\no=- 1 1 IN IP4 192.0.2.1\n";
    let with = |rest: String| parse(&format!("{HEAD}{rest}")).err();
    let padding = |bytes: usize| format!("a={}\n", "x".repeat(bytes - HEAD.len() - 3));
    assert_eq!(with(padding(MAX_BYTES)), None);
    assert_eq!(with(padding(MAX_BYTES + 1)), Some(SdpError::TooLong));
    // The last line feed begins a line of its own.
    assert_eq!(with("a=x\n".repeat(MAX_LINES - 3)), None);
    assert_eq!(with("a=x\n".repeat(MAX_LINES - 2)), Some(SdpError::TooManyLines));
    let stream = "m=audio 1 RTP/AVP 0\n";
    assert_eq!(with(stream.repeat(MAX_MEDIA)), None);
    assert_eq!(with(stream.repeat(MAX_MEDIA + 1)), Some(SdpError::TooManyMedia));
    let formats = |count: usize| format!("m=audio 1 RTP/AVP{}\n", " 0".repeat(count));
    assert_eq!(with(formats(MAX_FORMATS)), None);
    assert_eq!(with(formats(MAX_FORMATS + 1)), Some(SdpError::TooManyFormats { line: 3 }));
}

/// RFC 5118 §4.6 and §4.9: addresses without brackets; IPv4 mapped into IPv6 is IPv4.
#[test]
fn ipv6_addresses() {
    let remote = |address: &str| {
        let c = format!("c=IN IP6 {address}");
        let lines =
            [&c, "t=3338481189 3370017201", "m=audio 6000 RTP/AVP 2", "a=rtpmap:2 G726-32/8000"];
        AudioOffer::read(&description(&lines)).unwrap().audio.remote.unwrap().rtp.to_string()
    };
    assert_eq!(remote("2001:db8::20"), "[2001:db8::20]:6000");
    assert_eq!(remote("::ffff:192.0.2.2"), "192.0.2.2:6000");
}

/// RFC 5118 §4.8: no session `c=`, one stream on IPv4 and one on IPv6.
#[test]
fn each_stream_at_its_own_address() {
    let text = body(&[
        "v=0",
        "o=bob 280744730 28977631 IN IP4 host.example.com",
        "s=",
        "t=0 0",
        "m=audio 22334 RTP/AVP 0",
        "c=IN IP4 192.0.2.1",
        "m=video 6024 RTP/AVP 107",
        "c=IN IP6 2001:db8::1",
        "a=rtpmap:107 H263-1998/90000",
    ]);
    let description = SessionDescription::parse(&text).unwrap();
    assert_eq!(shown(&description.write()), shown(&text));
    let offer = AudioOffer::read(&description).unwrap();
    assert_eq!(offer.audio.remote.unwrap().rtp, "192.0.2.1:22334".parse().unwrap());
    assert_eq!(offer.kinds().collect::<Vec<_>>(), ["audio", "video"]);
}

/// A stream's own address wins; without any address there is nowhere to send to.
#[test]
fn the_address_of_the_stream_wins() {
    let stream = "m=audio 4000 RTP/AVP 0";
    let offer = description(&["c=IN IP4 192.0.2.1", stream, "c=IN IP4 192.0.2.2"]);
    let offer = AudioOffer::read(&offer).unwrap();
    assert_eq!(offer.audio.remote.unwrap().rtp, "192.0.2.2:4000".parse().unwrap());
    for lines in [
        vec![stream],
        vec!["c=IN IP4 media.example.com", stream],
        vec!["c=IN IP4 224.2.1.1/127", stream],
    ] {
        assert_eq!(AudioOffer::read(&description(&lines)), Err(Refusal488::Address), "{lines:?}");
    }
}
