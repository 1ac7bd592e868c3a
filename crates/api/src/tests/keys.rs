//! Keys are made, used and revoked, and are never seen again.

use axum::http::Request;

use super::{ADMIN, Rig};

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_revoked() {
    let rig = Rig::new().await;
    let body = r#"{"name":"Ana's desktop","scope":"user","user":"u-ana"}"#;
    let made = rig.post(ADMIN, "/api/v1/keys", body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    assert_eq!(made.headers["cache-control"], "no-store");
    let (key, id) = (made.json()["key"].clone(), made.json()["id"].clone());
    let (key, id) = (key.as_str().expect("a key"), id.as_str().expect("an id"));
    assert_eq!(made.headers["location"], format!("/api/v1/keys/{id}"));

    let list = rig.get(ADMIN, "/api/v1/keys").await;
    assert!(list.text.contains(id) && !list.text.contains("tdm_"), "{}", list.text);
    assert_eq!(rig.get(key, "/api/v1/users/u-ana/availability").await.short(), "200");
    assert_eq!(rig.get(key, "/api/v1/keys").await.short(), "403 admin_only");

    let revoke = || Request::delete(format!("/api/v1/keys/{id}"));
    assert_eq!(rig.ask(revoke(), key, "").await.short(), "403 admin_only");
    assert_eq!(rig.ask(revoke(), ADMIN, "").await.short(), "204");
    assert_eq!(rig.ask(revoke(), ADMIN, "").await.short(), "404 not_found");
    assert_eq!(rig.get(key, "/api/v1/calls").await.short(), "401 unauthorized");
    assert!(rig.get(ADMIN, "/api/v1/keys").await.text.contains("2026-01-05T10:00:00.000Z"));
}

#[tokio::test]
async fn an_administrators_key_of_the_database_makes_keys_too() {
    let rig = Rig::new().await;
    let body = r#"{"name":"ops","scope":"admin"}"#;
    let made = rig.post(ADMIN, "/api/v1/keys", body).await.json();
    let key = made["key"].as_str().expect("a key");
    assert_eq!(rig.post(key, "/api/v1/keys", body).await.status.as_u16(), 201);
}

#[tokio::test]
async fn a_key_that_nobody_could_use_is_not_made() {
    let rig = Rig::new().await;
    let mut said = Vec::new();
    for body in [
        r#"{"name":"","scope":"admin"}"#,
        r#"{"name":"x","scope":"root"}"#,
        r#"{"name":"x","scope":"user"}"#,
        r#"{"name":"x","scope":"user","user":"u-nobody"}"#,
        r#"{"name":"x","scope":"admin","user":"u-ana"}"#,
        r#"{"scope":"admin"}"#,
    ] {
        said.push(rig.post(ADMIN, "/api/v1/keys", body).await.short());
    }
    let long = format!(r#"{{"name":"{}","scope":"admin"}}"#, "x".repeat(65));
    said.push(rig.post(ADMIN, "/api/v1/keys", &long).await.short());
    assert_eq!(rig.get(ADMIN, "/api/v1/keys").await.text, "[]");
    insta::assert_snapshot!(said.join("\n"));
}
