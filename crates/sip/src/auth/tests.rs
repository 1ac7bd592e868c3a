//! Vectors of RFC 7616 section 3.9.1 and RFC 2617 section 3.5; the server's side step by step.

use std::time::Duration;

use super::{
    Algorithm, Authenticator, AuthenticatorConfig, Authorization, Challenge, Credentials, Ha1,
    Secret, Verdict, answer, choose, ha1,
};
use crate::message::{Method, Uri};

const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

fn mufasa(password: &str) -> Credentials {
    Credentials {
        username: "Mufasa".to_owned(),
        secret: Secret::Password(password.to_owned()),
        realm: None,
    }
}

/// The vectors use the method GET, which is a token as good as any.
fn get() -> Method {
    Method::from_bytes(b"GET").unwrap()
}

fn rfc_7616_challenge(algorithm: Algorithm) -> Challenge {
    let text = format!(
        "Digest realm=\"http-auth@example.org\",\r\n qop=\"auth, auth-int\", algorithm={algorithm},\
         nonce=\"{NONCE}\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
    );
    Challenge::parse(text.as_bytes()).unwrap()
}

#[test]
fn the_vectors_of_rfc_7616() {
    let response = |algorithm| {
        let challenge = rfc_7616_challenge(algorithm);
        answer(&challenge, &mufasa("Circle of Life"), &get(), "/dir/index.html", CNONCE, 1)
            .unwrap()
            .response
    };
    assert_eq!(response(Algorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
    assert_eq!(
        response(Algorithm::Sha256),
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    );
}

#[test]
fn the_vector_of_rfc_2617() {
    let challenge = Challenge::parse(
        b"Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
          nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
    )
    .unwrap();
    let credentials = mufasa("Circle Of Life");
    let given = answer(&challenge, &credentials, &get(), "/dir/index.html", "0a4f113b", 1).unwrap();
    assert_eq!(given.response, "6629fae49393a05397450978507c4ef1");
}

#[test]
fn answers_read_back() {
    for algorithm in ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"] {
        let challenge = rfc_7616_challenge(Algorithm::from_token(algorithm).unwrap());
        assert_eq!(Challenge::parse(challenge.to_string().as_bytes()), Some(challenge.clone()));
        let given = answer(&challenge, &mufasa("p\"w"), &Method::Invite, "sip:h", "c", 10).unwrap();
        assert_eq!(given.nc.as_deref(), Some("0000000a"));
        assert_eq!(Authorization::parse(given.to_string().as_bytes()), Some(given));
    }
}

#[test]
fn the_first_challenge_that_fits_is_answered_and_foreign_realms_are_not() {
    let challenges = [Algorithm::Sha256, Algorithm::Md5].map(rfc_7616_challenge);
    let mut credentials = mufasa("x");
    let chosen = |credentials: &Credentials| {
        choose(&challenges, credentials).map(|challenge| challenge.algorithm)
    };
    assert_eq!(chosen(&credentials), Some(Algorithm::Sha256));
    let stored = ha1(Algorithm::Md5, "Mufasa", "http-auth@example.org", "x");
    credentials.secret = Secret::Ha1(stored);
    assert_eq!(chosen(&credentials), Some(Algorithm::Md5));
    credentials.realm = Some("trunk.example".to_owned());
    assert_eq!(chosen(&credentials), None);
    assert_eq!(answer(&challenges[1], &credentials, &Method::Bye, "sip:h", "c", 1), None);
}

#[test]
fn what_is_no_digest_challenge_is_passed_over() {
    for text in [
        "Basic realm=\"x\"",
        "Digest",
        "Digest realm=\"x\"",
        "Digest realm=\"x\", nonce=\"n\", algorithm=SHA3",
        "Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"",
        "Digest realm=\"x\", nonce=\"n\", realm=\"y\"",
        "Digest realm=\"x, nonce=\"n",
    ] {
        assert_eq!(Challenge::parse(text.as_bytes()), None, "{text}");
    }
    let many = (0..40).map(|at| format!(", x{at}=1")).collect::<String>();
    let text = format!("Digest realm=\"x\", nonce=\"n\"{many}");
    assert_eq!(Challenge::parse(text.as_bytes()), None);
}

#[test]
fn without_qop_the_answer_is_the_old_one() {
    let challenge = Challenge::parse(b"Digest realm=\"r\", nonce=\"n\"").unwrap();
    let given = answer(&challenge, &mufasa("x"), &Method::Register, "sip:h", "c", 1).unwrap();
    assert_eq!((given.qop_auth, given.nc, given.cnonce), (false, None, None));
}

const START: Duration = Duration::from_secs(1_000);

struct Server {
    authenticator: Authenticator,
}

impl Server {
    fn new(nonces_max: usize) -> Self {
        let config =
            AuthenticatorConfig { nonces_max, ..AuthenticatorConfig::new("tandem.example") };
        Self { authenticator: Authenticator::new(config, [7; 32]) }
    }

    fn challenge(&mut self, now: Duration) -> Challenge {
        let [first, second] = self.authenticator.challenge(now, false);
        assert_eq!((first.algorithm, second.algorithm), (Algorithm::Sha256, Algorithm::Md5));
        first
    }

    fn verify(&mut self, now: Duration, given: &Authorization) -> Verdict {
        let uri: Uri = "sip:tandem.example".parse().unwrap();
        self.authenticator.verify(now, "REGISTER", &uri, given, lookup)
    }
}

fn lookup(user: &str, algorithm: Algorithm) -> Option<Ha1> {
    (user == "alice").then(|| ha1(algorithm, user, "tandem.example", "secret"))
}

fn given(challenge: &Challenge, user: &str, password: &str, nc: u32) -> Authorization {
    let credentials = Credentials {
        username: user.to_owned(),
        secret: Secret::Password(password.to_owned()),
        realm: None,
    };
    let uri = "sip:tandem.example";
    answer(challenge, &credentials, &Method::Register, uri, "cn", nc).unwrap()
}

fn ok() -> Verdict {
    Verdict::Ok { user: "alice".to_owned() }
}

#[test]
fn right_credentials_pass_and_each_use_counts_up() {
    let mut server = Server::new(10);
    let challenge = server.challenge(START);
    assert_eq!(server.verify(START, &given(&challenge, "alice", "secret", 1)), ok());
    assert_eq!(server.verify(START, &given(&challenge, "alice", "secret", 1)), Verdict::Replay);
    assert_eq!(server.verify(START, &given(&challenge, "alice", "secret", 5)), ok());
    assert_eq!(server.verify(START, &given(&challenge, "alice", "secret", 4)), Verdict::Replay);
    let md5 = Challenge { algorithm: Algorithm::Md5, ..challenge };
    assert_eq!(server.verify(START, &given(&md5, "alice", "secret", 6)), ok());
}

#[test]
fn unknown_users_and_wrong_passwords_look_the_same() {
    let mut server = Server::new(10);
    let challenge = server.challenge(START);
    assert_eq!(server.verify(START, &given(&challenge, "alice", "guess", 1)), Verdict::Wrong);
    assert_eq!(server.verify(START, &given(&challenge, "mallory", "secret", 1)), Verdict::Wrong);
    assert_eq!(server.verify(START, &given(&challenge, "mallory", "", 1)), Verdict::Wrong);
    assert_eq!(server.authenticator.nonces(), 0);
}

#[test]
fn an_old_or_foreign_nonce_is_stale_only_for_who_knows_the_password() {
    let mut server = Server::new(10);
    let challenge = server.challenge(START);
    let late = START + Duration::from_secs(301);
    assert_eq!(server.verify(late, &given(&challenge, "alice", "secret", 1)), Verdict::Stale);
    assert_eq!(server.verify(late, &given(&challenge, "alice", "guess", 1)), Verdict::Wrong);
    for nonce in ["n", &challenge.nonce.replace(['1', '2', '3'], "4"), &"é".repeat(32)] {
        let forged = Challenge { nonce: (*nonce).to_owned(), ..challenge.clone() };
        assert_eq!(server.verify(START, &given(&forged, "alice", "secret", 1)), Verdict::Stale);
    }
}

#[test]
fn what_is_not_asked_the_way_we_ask_is_refused() {
    let mut server = Server::new(10);
    let challenge = server.challenge(START);
    let good = given(&challenge, "alice", "secret", 1);
    let realm = Authorization { realm: "other".to_owned(), ..good.clone() };
    assert_eq!(server.verify(START, &realm), Verdict::Missing);
    let uri = Authorization { uri: "sip:evil.example".to_owned(), ..good.clone() };
    assert_eq!(server.verify(START, &uri), Verdict::Malformed);
    let old = Challenge { qop_auth: false, ..challenge.clone() };
    assert_eq!(server.verify(START, &given(&old, "alice", "secret", 1)), Verdict::Malformed);
    for nc in [None, Some("1"), Some("00000000"), Some("0000000g"), Some("+0000001")] {
        let broken = Authorization { nc: nc.map(str::to_owned), ..good.clone() };
        assert_eq!(server.verify(START, &broken), Verdict::Malformed, "{nc:?}");
    }
    let session = Challenge { algorithm: Algorithm::Sha256Sess, ..challenge };
    assert_eq!(server.verify(START, &given(&session, "alice", "secret", 1)), Verdict::Wrong);
    assert_eq!(server.verify(START, &good), ok());
}

#[test]
fn the_table_of_nonces_stays_small_and_what_fell_out_is_stale() {
    let mut server = Server::new(3);
    let challenges: Vec<_> = (0..5).map(|_| server.challenge(START)).collect();
    for challenge in &challenges {
        assert_eq!(server.verify(START, &given(challenge, "alice", "secret", 1)), ok());
        assert!(server.authenticator.nonces() <= 3);
    }
    let first = given(&challenges[0], "alice", "secret", 2);
    assert_eq!(server.verify(START, &first), Verdict::Stale);
    let last = given(&challenges[4], "alice", "secret", 2);
    assert_eq!(server.verify(START, &last), ok());
    let later = START + Duration::from_secs(301);
    let fresh = server.challenge(later);
    assert_eq!(server.verify(later, &given(&fresh, "alice", "secret", 1)), ok());
    assert_eq!(server.authenticator.nonces(), 1);
}

#[test]
fn secrets_are_not_printed() {
    let shown = format!("{:?} {:?}", mufasa("hunter2"), lookup("alice", Algorithm::Md5));
    assert!(!shown.contains("hunter2"));
    assert!(shown.contains("Ha1(MD5, …)"));
    let stored = ha1(Algorithm::Sha256, "u", "r", "p");
    assert_eq!(Ha1::from_hex(Algorithm::Sha256, stored.hex()), Some(stored.clone()));
    assert_eq!(Ha1::from_hex(Algorithm::Md5, stored.hex()), None);
}

#[test]
fn a_digest_over_the_server_instead_of_the_request_uri_counts_where_it_names_us() {
    let config = AuthenticatorConfig {
        own_hosts: vec!["192.0.2.1".to_owned()],
        algorithms: [Algorithm::Md5, Algorithm::Sha256],
        ..AuthenticatorConfig::new("tandem.test")
    };
    let mut server = Authenticator::new(config, [7; 32]);
    let challenges = server.challenge(Duration::ZERO, false);
    assert_eq!(challenges[0].algorithm, Algorithm::Md5);
    let credentials = mufasa("x");
    let stored = ha1(Algorithm::Md5, "Mufasa", "tandem.test", "x");
    let target = Uri::parse("sip:ben@tandem.test").unwrap();
    let mut verdict = |uri: &str, nc: u32| {
        let given = answer(&challenges[0], &credentials, &Method::Invite, uri, "c", nc).unwrap();
        let lookup = |_: &str, algorithm| (algorithm == Algorithm::Md5).then(|| stored.clone());
        server.verify(Duration::ZERO, "INVITE", &target, &given, lookup)
    };
    let accepted = Verdict::Ok { user: "Mufasa".to_owned() };
    assert_eq!(verdict("sip:192.0.2.1:5060", 1), accepted);
    assert_eq!(verdict("sip:cat@192.0.2.1", 2), Verdict::Malformed);
    assert_eq!(verdict("sip:192.0.2.9:5060", 3), Verdict::Malformed);
}
