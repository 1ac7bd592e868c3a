//! What a server without users does with a datagram, as one line of text: the verdict of parser
//! and checks together.

use bytes::Bytes;
use sip::message::{
    Capabilities, HeaderName, Message, Method, Refusal, ResponseBuilder, check_capabilities,
    check_request, check_response,
};

const METHODS: [Method; 9] = [
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Register,
    Method::Options,
    Method::Info,
    Method::Refer,
    Method::Message,
];

fn capabilities() -> Capabilities<'static> {
    Capabilities {
        methods: &METHODS,
        extensions: &["100rel", "timer", "replaces"],
        content_types: &["application/sdp", "text/plain"],
    }
}

/// `accept`, `drop`, or the status with what the response carries beside the usual headers.
pub(crate) fn verdict(bytes: impl Into<Bytes>) -> String {
    match Message::parse_datagram(bytes.into()) {
        Ok(Message::Response(response)) => match check_response(&response) {
            Ok(()) => "accept".to_owned(),
            Err(_) => "drop".to_owned(),
        },
        Ok(Message::Request(request)) => {
            let checked = check_request(&request)
                .and_then(|()| check_capabilities(&request, &capabilities()));
            match checked {
                Ok(()) => "accept".to_owned(),
                Err(refusal) => {
                    let response =
                        ResponseBuilder::refusing(&request, &refusal).to_tag("t").build(None);
                    assert_reads_back(&response.to_bytes());
                    describe(&refusal)
                }
            }
        }
        Err(fault) => match ResponseBuilder::to_fault(&fault) {
            Some(response) => {
                let response = response.to_tag("t").build(None);
                assert_reads_back(&response.to_bytes());
                response.status().to_string()
            }
            None => "drop".to_owned(),
        },
    }
}

fn describe(refusal: &Refusal) -> String {
    let mut text = refusal.status.to_string();
    for (name, value) in &refusal.headers {
        if *name == HeaderName::Allow {
            text.push_str(" Allow");
        } else {
            text.push_str(&format!(" {name}: {value}"));
        }
    }
    text
}

/// Whatever we answer is itself a message.
fn assert_reads_back(bytes: &Bytes) {
    let Ok(Message::Response(response)) = Message::parse_datagram(bytes.clone()) else {
        panic!("our own response does not read back: {bytes:?}");
    };
    assert_eq!(response.to_bytes(), *bytes);
}

/// The first header section of a message must be good enough to answer from.
pub(crate) fn parsed(bytes: impl Into<Bytes>) -> Message {
    Message::parse_datagram(bytes.into()).unwrap_or_else(|fault| panic!("{fault:?}"))
}
