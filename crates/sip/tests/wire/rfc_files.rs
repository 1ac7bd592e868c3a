//! The messages of RFC 4475 and RFC 5118 themselves, where their folder stands beside the
//! checkout; they are others' text and so no part of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sip::framing::{Framed, StreamDecoder};
use sip::message::{HeaderName, Message};

use crate::verdict::{parsed, verdict};

fn folder(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("NOT RUN: the torture messages of {name} are not at {}", path.display());
    None
}

fn files(folder: &Path) -> BTreeMap<String, Bytes> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_file() && path.extension().is_none_or(|extension| extension == "dat") {
            files.insert(name, Bytes::from(fs::read(&path).unwrap()));
        }
    }
    files
}

#[test]
fn every_message_of_rfc_4475_gets_its_verdict() {
    let Some(folder) = folder("rfc4475") else {
        return;
    };
    let files = files(&folder);
    assert_eq!(files.len(), 50);
    let verdicts: Vec<_> =
        files.iter().map(|(name, bytes)| format!("{name}: {}", verdict(bytes.clone()))).collect();
    insta::assert_snapshot!(verdicts.join("\n"));
}

#[test]
fn every_message_of_rfc_5118_gets_its_verdict() {
    let Some(folder) = folder("rfc5118/wire") else {
        return;
    };
    let files = files(&folder);
    assert_eq!(files.len(), 12);
    let verdicts: Vec<_> =
        files.iter().map(|(name, bytes)| format!("{name}: {}", verdict(bytes.clone()))).collect();
    insta::assert_snapshot!(verdicts.join("\n"));
}

#[test]
fn the_valid_messages_mean_what_rfc_4475_says() {
    let Some(folder) = folder("rfc4475") else {
        return;
    };
    let files = files(&folder);

    let wsinv = parsed(files["wsinv"].clone());
    let headers = wsinv.headers();
    assert_eq!(headers.from_tag(), Some("98asjd8"));
    assert_eq!(headers.from().unwrap().display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(headers.to_tag(), Some("1918181833n"));
    assert_eq!(headers.cseq().unwrap().number, 9);
    assert_eq!(headers.max_forwards(), Ok(Some(68)));
    let branches: Vec<_> =
        headers.vias().map(|via| via.unwrap().branch().unwrap_or_default().to_owned()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    let contacts = headers.contacts().unwrap();
    assert_eq!(contacts.addresses()[0].q_thousandths(), Some(330));
    assert!(headers.routes().unwrap()[0].uri.is_loose_router());
    assert_eq!(wsinv.body().len(), 150);

    assert_escapes_and_odd_users(&files);

    let mpart = parsed(files["mpart01"].clone());
    assert_eq!(mpart.body().len(), 553);

    let dblreq = parsed(files["dblreq"].clone());
    assert_eq!(dblreq.headers().call_id(), Ok("dblreq.0ha0isndaksdj99sdfafnl3lk233412"));
    assert!(dblreq.body().is_empty());
    assert!(dblreq.to_bytes().len() < files["dblreq"].len());

    let compat = parsed(files["inv2543"].clone());
    assert!(compat.body().starts_with(b"v=0"));
}

fn assert_escapes_and_odd_users(files: &BTreeMap<String, Bytes>) {
    let esc01 = parsed(files["esc01"].clone());
    let to = esc01.headers().to().unwrap().uri;
    assert_eq!(to.user_unescaped().as_deref(), Some("user"));
    let contact = &esc01.headers().contacts().unwrap().addresses()[0].uri.clone();
    assert_eq!(contact.params.get("n%61me"), Some("v%61lue%25%34%31"));

    let escnull = parsed(files["escnull"].clone());
    assert_eq!(escnull.headers().contacts().unwrap().addresses().len(), 2);
    assert_eq!(
        escnull.headers().to().unwrap().uri.user_unescaped().as_deref(),
        Some("null-\0-null"),
    );

    let semiuri = parsed(files["semiuri"].clone());
    let Message::Request(request) = &semiuri else { panic!("a request") };
    assert_eq!(request.uri().unwrap().user_unescaped().as_deref(), Some("user;par=u@example.net"),);
    assert_eq!(semiuri.headers().values(HeaderName::Accept).count(), 6);
}

#[test]
fn two_messages_in_one_stream_are_two() {
    let Some(folder) = folder("rfc4475") else {
        return;
    };
    let mut decoder = StreamDecoder::default();
    decoder.push(&files(&folder)["dblreq"]);
    let mut frames = Vec::new();
    // The body of the second is longer than its Content-Length, so what follows is an error.
    while let Ok(Some(frame)) = decoder.next_frame() {
        frames.push(match frame {
            Framed::Message(message) => message.headers().call_id().unwrap().to_owned(),
            Framed::Fault(fault) => fault.error.to_string(),
            Framed::Ping => "ping".to_owned(),
            Framed::Pong => "pong".to_owned(),
        });
    }
    assert_eq!(
        frames,
        [
            "dblreq.0ha0isndaksdj99sdfafnl3lk233412",
            "pong",
            "dblreq.0ha0isnda977644900765@192.0.2.15",
        ],
    );
}
