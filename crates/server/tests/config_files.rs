//! Every file in `config/` is valid as it stands, so that copying one is a safe beginning; and
//! `tandem.toml` shows the defaults that it says it shows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use server::config::{self, Limits};
use server::directory_file;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

fn load(name: &str) -> config::Config {
    let environment: BTreeMap<String, String> = BTreeMap::new();
    match config::load(&folder().join(name), &environment) {
        Ok(config) => config,
        Err(refusal) => panic!("{}", refusal.problems),
    }
}

#[test]
fn every_file_is_valid() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the folder config/")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.retain(|name| name.ends_with(".toml"));
    names.sort();
    assert_eq!(names, ["behind-nat.toml", "contact-centre.toml", "directory.toml", "tandem.toml"]);
    let (read, problems) =
        directory_file::load(&folder().join("contact-centre.toml"), Some("tandem.test"));
    assert_eq!(problems.0.len(), 0, "{problems}");
    assert_eq!(read.expect("sound").content.ivrs.len(), 8);
    for name in ["behind-nat.toml", "tandem.toml"] {
        let config = load(name);
        let directory = config.directory.expect("a directory file");
        let (read, problems) = directory_file::load(&directory, Some(&config.sip.domain));
        assert_eq!(problems.errors(), 0, "{problems}");
        assert_eq!(read.expect("sound").content.users.len(), 8);
    }
}

#[test]
fn the_commented_file_shows_the_defaults() {
    let shown = load("tandem.toml");
    let small = "[sip]\nlisten = [\"udp://127.0.0.1:5060\"]\ndomain = \"tandem.test\"\n";
    let environment: BTreeMap<String, String> = BTreeMap::new();
    let default = config::parse(Path::new("x.toml"), small, &environment).expect("valid");
    assert_eq!(shown.limits, Limits::default());
    assert_eq!(shown.sip.timers, default.sip.timers);
    assert_eq!(shown.ring, default.ring);
    assert_eq!(shown.acd, default.acd);
    assert_eq!(shown.ivr, default.ivr);
    assert_eq!(shown.voicemail, default.voicemail);
    assert!(shown.lookup.is_none() && shown.smtp.is_none());
    assert_eq!(format!("{:?}", shown.media), format!("{:?}", default.media));
    assert_eq!(shown.recording, default.recording);
    assert_eq!(shown.quality, default.quality);
    assert_eq!(format!("{:?}", shown.registrar), format!("{:?}", default.registrar));
    assert_eq!(shown.server.drain_timeout, default.server.drain_timeout);
    assert_eq!(shown.server.data_dir, default.server.data_dir);
    assert_eq!(shown.database.url, default.database.url);
    assert_eq!(shown.api.listen, default.api.listen);
    assert_eq!(shown.log.filter, default.log.filter);
}
