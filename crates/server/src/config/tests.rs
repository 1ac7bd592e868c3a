//! A small configuration and its defaults; every kind of mistake and its message.

use std::collections::BTreeMap;

use super::*;

const SMALL: &str = r#"
[sip]
listen = ["udp://127.0.0.1:5060", "tcp://127.0.0.1:5060"]
domain = "Tandem.test"
"#;

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<Config, Refusal> {
    let pairs = variables.iter();
    let variables: BTreeMap<String, String> =
        pairs.map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    parse(Path::new("tandem.toml"), text, &variables)
}

fn complaints(text: &str) -> String {
    let refusal = read_with(text, &[]).expect_err("refused");
    refusal.problems.to_string()
}

#[test]
fn what_is_not_said_has_a_default() {
    let config = read_with(SMALL, &[]).expect("valid");
    assert_eq!(&*config.server.node, "tandem");
    assert_eq!(config.server.drain_timeout, Duration::from_secs(30));
    assert_eq!(config.database.url, "sqlite://var/tandem.db");
    assert_eq!(&*config.sip.domain, "tandem.test");
    assert_eq!(config.sip.timers.t1, Duration::from_millis(500));
    assert_eq!(config.media.ports.to_string(), "20000-29999");
    assert_eq!(config.api.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.sip.listen[1].to_string(), "tcp://127.0.0.1:5060");
}

#[test]
fn the_environment_overrides_each_key() {
    let text = format!("{SMALL}[[trunk]]\nname = \"carrier-a\"\npeers = [\"192.0.2.1\"]\n");
    let variables = [
        ("TANDEM_SIP__LISTEN", "udp://127.0.0.1:5070, udp://[::1]:5070"),
        ("TANDEM_SIP__TIMERS__T1_MS", "100"),
        ("TANDEM_SERVER__NODE", "edge-7"),
        ("TANDEM_TRUNK__CARRIER_A__USERNAME", "tandem"),
        ("TANDEM_TRUNK__CARRIER_A__PASSWORD", "s3cret"),
        ("TANDEM_API_ADMIN_KEY", "not a key of the configuration"),
    ];
    let config = read_with(&text, &variables).expect("valid");
    assert_eq!(config.sip.listen.len(), 2);
    assert_eq!(config.sip.listen[1].to_string(), "udp://[::1]:5070");
    assert_eq!(config.sip.timers.t1, Duration::from_millis(100));
    assert_eq!(&*config.server.node, "edge-7");
    let credentials = config.trunks[0].credentials.as_ref().expect("credentials");
    assert_eq!(credentials.password, "s3cret");
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn overrides_are_checked_like_the_file() {
    let variables = [
        ("TANDEM_SIP__LISTN", "udp://127.0.0.1:5070"),
        ("TANDEM_MEDIA__PORTS", "5-4"),
        ("TANDEM_SIP__TIMERS__T1_MS", "half a second"),
    ];
    let refusal = read_with(SMALL, &variables).expect_err("refused");
    insta::assert_snapshot!(refusal.problems, @r#"
    error: environment variable TANDEM_MEDIA__PORTS: media.ports: 5-4 holds no even port with the odd one after it
      fix: write first-last, e.g. 20000-29999
    error: environment variable TANDEM_SIP__LISTN: overrides no key of the configuration
      fix: did you mean `TANDEM_SIP__LISTEN`?
    error: environment variable TANDEM_SIP__TIMERS__T1_MS: sip.timers.t1_ms: `half a second` is no number
      fix: write a whole number from 10 to 10000
    "#);
}

#[test]
fn every_mistake_is_reported_in_one_run() {
    insta::assert_snapshot!(complaints(r#"
[server]
node = "tandem 1"
drain_timeout_s = -3
[database]
url = "postgres://tandem:s3cret@db/tandem"
[sip]
lisen = ["udp://127.0.0.1:5060"]
listen = ["tls://127.0.0.1:5061", "udp://localhost:5060", "5060"]
domain = "sip:tandem.test"
tls_certificate = "cert.pem"
[sip.timers]
t1_ms = "500"
t2_ms = 100
[media]
address = "0.0.0.0"
ports = "20001-20002"
[prompts]
speak = ["say", "{text}"]
country = "atlantis"
[recording]
calls = "some"
beep = "yes"
[quality]
mos = 3
loss_percent = 101
jitter_critical_ms = 20
[webhooks]
[colour]
"#), @r#"
error: tandem.toml:3:8: server.node: `tandem 1` is no name
  fix: use 1 to 64 letters, digits, `-`, `_` and `.`
error: tandem.toml:4:19: server.drain_timeout_s: -3 is negative
  fix: write a whole number from 0 to 86400
error: tandem.toml:6:7: database.url: PostgreSQL is not built yet
  fix: write sqlite:// and a path, e.g. sqlite://var/tandem.db
error: tandem.toml:8:1: sip.lisen: unknown key
  fix: did you mean `listen`?
error: tandem.toml:9:11: sip.listen: tls:// is not built yet
  fix: listen on udp:// or tcp://
error: tandem.toml:9:35: sip.listen: `localhost:5060` is not an IP address with a port
  fix: write e.g. udp://127.0.0.1:5060 or tcp://[::1]:5060
error: tandem.toml:9:59: sip.listen: `5060` names no transport
  fix: write e.g. udp://127.0.0.1:5060 or tcp://[::1]:5060
error: tandem.toml:10:10: sip.domain: `sip:tandem.test` is no host name
  fix: write a name without scheme or port, e.g. tandem.example
error: tandem.toml:11:1: sip.tls_certificate: TLS is not built yet
  fix: remove it
error: tandem.toml:13:9: sip.timers.t1_ms: is a text, not a number
  fix: write a whole number from 10 to 10000
error: tandem.toml:14:1: sip.timers.t2_ms: is less than t1_ms
  fix: make it at least t1_ms
error: tandem.toml:16:11: media.address: 0.0.0.0 is not the address of one interface
  fix: write the address that peers can reach
error: tandem.toml:17:9: media.ports: 20001-20002 holds no even port with the odd one after it
  fix: write first-last, e.g. 20000-29999
error: tandem.toml:19:1: prompts.speak: writes no file
  fix: name the WAV file to write as {out}, e.g. ["espeak-ng", "-w", "{out}", "{text}"]
error: tandem.toml:20:11: prompts.country: `atlantis` is not known
  fix: write one of "us", "gb", "de", "fr", "eu"
error: tandem.toml:22:9: recording.calls: `some` is not known
  fix: write "chosen" (by number, group or call) or "all"
error: tandem.toml:23:8: recording.beep: is a text, not true or false
  fix: write true or false
error: tandem.toml:26:16: quality.loss_percent: 101 is out of bounds
  fix: write a number from 0.1 to 100
error: tandem.toml:27:1: quality.jitter_critical_ms: is less bad than the warning
  fix: make it worse, or leave it out
error: tandem.toml:28:2: webhooks: this section is not built yet
  fix: remove it
error: tandem.toml:29:2: colour: unknown section
  fix: known here: server, database, sip, media, prompts, recording, quality, api, directory, trunk, registrar, ring, transfer, acd, ivr, voicemail, codes, lookup, smtp, limits, log
"#);
}

#[test]
fn trunks_are_told_apart() {
    insta::assert_snapshot!(complaints(&format!(r#"{SMALL}
[[trunk]]
name = "carrier-a"
peers = ["192.0.2.0/24"]
country = "us"
[[trunk]]
name = "carrier-b"
peers = ["192.0.2.7", "198.51.100.1/24", "sbc.example"]
outbound = ["sip:192.0.2.7", "tel:+1555"]
username = "tandem"
[[trunk]]
peers = "203.0.113.1"
"#)), @r#"
    error: tandem.toml:9:11: trunk carrier-a.country: `us` is no country
      fix: write two capital letters of ISO 3166, e.g. US or DE
    error: tandem.toml:10:1: trunk carrier-b.password: is missing
      fix: add it, or remove username
    error: tandem.toml:12:10: trunk carrier-b.peers: 192.0.2.7 overlaps 192.0.2.0/24 of trunk `carrier-a`
      fix: give each source address to one trunk only
    error: tandem.toml:12:23: trunk carrier-b.peers: the address has bits beyond the prefix; the network is 198.51.100.0/24
      fix: write an address or a network, e.g. 192.0.2.0/24
    error: tandem.toml:12:42: trunk carrier-b.peers: `sbc.example` is not an IP address
      fix: write an address or a network, e.g. 192.0.2.0/24
    error: tandem.toml:13:30: trunk carrier-b.outbound: `tel:+1555` is no SIP URI of a host
      fix: write e.g. sip:sbc.example:5060 or sip:192.0.2.1;transport=tcp
    error: tandem.toml:15:1: trunk 3.name: is missing
      fix: give the trunk a name, e.g. name = "carrier-a"
    "#);
}

#[test]
fn addresses_must_be_usable_together() {
    insta::assert_snapshot!(complaints(r#"
[sip]
listen = ["udp://0.0.0.0:20010", "udp://127.0.0.1:20010", "tcp://127.0.0.1:8080"]
domain = "tandem.test"
[media]
address = "127.0.0.1"
"#), @r#"
    error: tandem.toml: api.listen: 127.0.0.1:8080 is taken by tcp://127.0.0.1:8080
      fix: choose another port
    error: tandem.toml:3:11: sip.listen: udp://0.0.0.0:20010 is not an address that peers can send to
      fix: listen on the address that peers reach, or set sip.external_address
    error: tandem.toml:3:11: sip.listen: udp://0.0.0.0:20010 lies in media.ports 20000-29999
      fix: move the listener or the range
    error: tandem.toml:3:34: sip.listen: udp://127.0.0.1:20010 collides with udp://0.0.0.0:20010
      fix: remove one, or change its port
    "#);
    insta::assert_snapshot!(complaints(&format!(r#"{SMALL}external_address = "2001:db8::1"
[registrar]
min_expires_s = 600
default_expires_s = 60
max_expires_s = 30
"#)), @r#"
    error: tandem.toml:5:20: sip.external_address: no listener is of the family of 2001:db8::1
      fix: add one to sip.listen, or change the address
    error: tandem.toml:8:1: registrar.default_expires_s: is less than min_expires_s
      fix: make it at least min_expires_s
    error: tandem.toml:9:1: registrar.max_expires_s: is less than default_expires_s
      fix: make it at least default_expires_s
    "#);
}

#[test]
fn what_is_half_configured_is_not_silently_off() {
    insta::assert_snapshot!(complaints(&format!(r#"{SMALL}[lookup]
timeout_ms = 300
[smtp]
from = "Tandem <tandem@example.com>"
[codes]
"*11" = "availble"
"*1 2" = "toggle"
"#)), @r#"
    error: tandem.toml:5:1: lookup.url: is missing
      fix: name the service, or remove [lookup]
    error: tandem.toml:7:1: smtp.host: is missing
      fix: name the mail server, or remove [smtp]
    error: tandem.toml:10:1: codes.*11: `availble` is nothing that a code can do
      fix: write "available", "away:reason", "toggle", "voicemail", "voicemail:group-id", "ivr:ivr-id", "pickup", "group-pickup", "move", "listen", "whisper", "barge", "conference", "park" or "retrieve"
    error: tandem.toml:11:1: codes.*1 2: `*1 2` cannot be dialled
      fix: use up to 16 digits, letters, `*` and `#`, e.g. "*11"
    "#);
    insta::assert_snapshot!(complaints(&format!(r#"{SMALL}[lookup]
url = "https://[crm/{{number}}"
"#)), @r#"
    error: tandem.toml:6:7: lookup.url: `https://[crm/{number}` is no address to ask at
      fix: write e.g. "https://crm.example/lookup?number={number}"
    "#);
}

#[test]
fn an_empty_file_says_what_is_needed() {
    insta::assert_snapshot!(complaints(""), @r#"
    error: tandem.toml: sip.listen: is missing
      fix: write e.g. listen = ["udp://127.0.0.1:5060"]
    error: tandem.toml: sip.domain: is missing
      fix: write e.g. domain = "tandem.example"
    "#);
    insta::assert_snapshot!(complaints("sip = 3\ntrunk = 4\n"), @r#"
    error: tandem.toml:1:7: sip: is a whole number, not a section
      fix: write [sip]
    error: tandem.toml:1:7: sip.listen: is missing
      fix: write e.g. listen = ["udp://127.0.0.1:5060"]
    error: tandem.toml:1:7: sip.domain: is missing
      fix: write e.g. domain = "tandem.example"
    error: tandem.toml:2:9: trunk: is a whole number, not a list of tables
      fix: write [[trunk]]
    "#);
}

#[test]
fn the_directory_is_looked_for_beside_the_configuration_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tandem.toml");
    let text = format!("{SMALL}[directory]\nfile = \"directory.toml\"\n");
    let none = BTreeMap::new();
    let config = parse(&file, &text, &none).expect("valid");
    assert_eq!(config.directory, Some(folder.path().join("directory.toml")));
}
