//! Who may do what: every route with no key, a wrong one, a user's and an administrator's.

use std::net::IpAddr;

use axum::http::{Method, Request};

use super::{ADMIN, Rig, StandingTime};
use crate::auth::Peer;
use crate::openapi::Access;
use crate::router::routes;

/// A path with something in every place.
pub(super) fn filled(path: &str) -> String {
    path.replace("{kind}", "user")
        .replace("{message}", "m-1")
        .replace("{code}", "invalid")
        .replace("{id}", "x-1")
}

#[tokio::test]
async fn every_route_asks_for_the_key_that_it_says() {
    let rig = Rig::new().await;
    let ana = rig.key_of("u-ana").await;
    let mut peer = 0;
    for route in routes() {
        if route.path == "/api/v1/events" && route.method == Method::GET {
            // It does not end; see the tests of events.
            continue;
        }
        let path = filled(route.path);
        peer += 1;
        let from = Peer(IpAddr::from(u32::to_be_bytes(peer)));
        let ask = |key: String| {
            let request = Request::builder().method(route.method.clone()).uri(&path);
            let request = request.extension(from);
            let rig = &rig;
            async move { rig.ask(request, &key, "").await }
        };
        let at = format!("{} {}", route.method, route.path);
        let (none, wrong) = (ask(String::new()).await, ask("tdm_wrong".to_owned()).await);
        let (user, admin) = (ask(ana.clone()).await, ask(ADMIN.to_owned()).await);
        match route.access {
            Access::Open => {
                for answer in [none, wrong, user, admin] {
                    assert_ne!(answer.status.as_u16(), 401, "{at}");
                }
            }
            Access::Anyone | Access::Admin => {
                assert_eq!(none.short(), "401 unauthorized", "{at}");
                assert!(none.headers.contains_key("www-authenticate"), "{at}");
                assert_eq!(wrong.short(), "401 unauthorized", "{at}");
                assert_ne!(user.status.as_u16(), 401, "{at}");
                assert_ne!(admin.status.as_u16(), 401, "{at}");
                assert_ne!(admin.status.as_u16(), 403, "{at}: {}", admin.text);
                let admin_only = user.short() == "403 admin_only";
                assert_eq!(admin_only, route.access == Access::Admin, "{at}: {}", user.text);
            }
        }
    }
}

#[tokio::test]
async fn who_sends_wrong_keys_is_not_listened_to_for_a_while() {
    let rig = Rig::new().await;
    let time = StandingTime::new();
    for _ in 0..10 {
        assert_eq!(rig.get("wrong", "/api/v1/keys").await.short(), "401 unauthorized");
    }
    let refused = rig.get(ADMIN, "/api/v1/keys").await;
    assert_eq!(refused.short(), "429 too_many_failures");
    let wait: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("s");
    assert!((1..=7).contains(&wait), "{wait}");
    // Who sends no key guesses nothing.
    assert_eq!(rig.get("", "/api/v1/keys").await.short(), "401 unauthorized");
    time.advance(wait).await;
    assert_eq!(rig.get(ADMIN, "/api/v1/keys").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_users_key_is_for_his_own_things() {
    let rig = Rig::new().await;
    let ana = rig.key_of("u-ana").await;
    let mut said = Vec::new();
    for path in [
        "/api/v1/users/u-ana/availability",
        "/api/v1/users/u-ben/availability",
        "/api/v1/agent-log",
        "/api/v1/agent-log?user=u-ben",
        "/api/v1/mailboxes/user/u-ana/messages",
        "/api/v1/mailboxes/user/u-ben/messages",
        "/api/v1/mailboxes/group/g-sales/messages",
        "/api/v1/calls?user_id=u-ben",
        "/api/v1/calls/call-s01/decisions",
        "/api/v1/events?user_id=u-ben",
        "/api/v1/events?call_id=call-nowhere",
        "/api/v1/wallboard",
        "/api/v1/keys",
    ] {
        said.push(format!("{path} {}", rig.get(&ana, path).await.short()));
    }
    insta::assert_snapshot!(said.join("\n"));
}
