//! What else the API may order of a call: that it is made, answered, held, that something is played
//! on it, and that it is over. And what the API says of it afterwards.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use e2e::host::Block;
use e2e::scenario::Stage;
use serde_json::Value;

use crate::handing_on::{ANA, CARL, carl, dora, phones, talk, while_they_talk};

/// The folders that these tests run.
pub(crate) const NAMES: &[&str] = &[
    "originate",
    "originate_unanswered",
    "answer_by_order",
    "hold_by_order",
    "play_by_order",
    "record_by_order",
    "transfer_to_ivr_by_order",
    "what_the_api_says_of_a_transfer",
];

const TALKS: &str = "SELECT 1 FROM call WHERE state = 'in_progress'";

#[tokio::test]
async fn originate() -> anyhow::Result<()> {
    let block = Block(243);
    let stage = Stage::set("originate", block)?;
    let [ana] = phones(block, ["ana"])?;
    let outside = dora(block)?;
    let order = r#"{"user": "u-ana", "to": "+15557770002"}"#;
    let (status, answer) = stage.host.post("/api/v1/calls", order)?;
    ensure!(status == 201, "{status}: {answer}");
    // Her own telephone first: who it is for is on its display.
    let mut anas = ana.takes()?;
    let doras = outside.takes()?;
    stage.until(TALKS).await?;
    while_they_talk();
    ana.hangs_up(&mut anas)?;
    outside.is_hung_up_on(&doras)?;
    stage.finish().await
}

#[tokio::test]
async fn originate_unanswered() -> anyhow::Result<()> {
    let block = Block(244);
    let stage = Stage::set("originate_unanswered", block)?;
    let [ana] = phones(block, ["ana"])?;
    let outside = dora(block)?;
    let order = r#"{"user": "u-ana", "to": "+15557770002"}"#;
    let (status, answer) = stage.host.post("/api/v1/calls", order)?;
    ensure!(status == 201, "{status}: {answer}");
    let anas = ana.rung()?;
    ana.replies(&anas, "486 Busy Here")?;
    stage.until("SELECT 1 FROM call WHERE state = 'finished'").await?;
    ensure!(!outside.has_heard("INVITE"), "nobody is called for somebody who is not there");
    let (status, answer) = stage.host.post("/api/v1/calls", r#"{"user": "u-ana", "to": ""}"#)?;
    ensure!((400..500).contains(&status), "{status}: {answer}");
    stage.finish().await
}

#[tokio::test]
async fn answer_by_order() -> anyhow::Result<()> {
    let block = Block(245);
    let stage = Stage::set("answer_by_order", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let mut carls = carl.dials(ANA, &[])?;
    let anas = ana.rung()?;
    stage.until("SELECT 1 FROM connection_attempt WHERE ringing_at > 0").await?;
    stage.order("answer", r#"{"user": "u-ana"}"#, 200).await?;
    let told = ana.expect("to be told", |heard| {
        heard.method() == "NOTIFY" && heard.headers("Event").any(|event| event == "talk")
    })?;
    ensure!(told.is_of(anas.call_id()), "{}", told.text());
    ana.answers(&anas)?;
    carl.is_answered(&mut carls)?;
    stage.until(TALKS).await?;
    stage.order("answer", r#"{"user": "u-ana"}"#, 409).await?;
    stage.order("hang-up", "{}", 200).await?;
    carl.is_hung_up_on(&carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.order("hang-up", "{}", 409).await.or_else(|error| {
        // It is over: the call is not found, or is in no state for it.
        if error.to_string().contains("404") { Ok(Value::Null) } else { Err(error) }
    })?;
    stage.finish().await
}

#[tokio::test]
async fn hold_by_order() -> anyhow::Result<()> {
    let block = Block(246);
    let stage = Stage::set("hold_by_order", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    let ear = carl.ear(block)?;
    stage.until(TALKS).await?;
    stage.order("hold", r#"{"user": "u-ana"}"#, 200).await?;
    ensure!(ear.datagram(Duration::from_secs(2))?.is_some(), "the caller hears music");
    stage.until("SELECT 1 FROM call_interaction WHERE kind = 'hold'").await?;
    stage.order("resume", r#"{"user": "u-ana"}"#, 200).await?;
    stage.until("SELECT 1 FROM call_interaction WHERE kind = 'resume'").await?;
    // Whoever is not on the call holds nobody.
    stage.order("hold", r#"{"user": "u-ben"}"#, 409).await?;
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn play_by_order() -> anyhow::Result<()> {
    let block = Block(247);
    let stage = Stage::set("play_by_order", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    let (hers, his) = (ana.ear(block)?, carl.ear(block)?);
    stage.until(TALKS).await?;
    stage.order("play", r#"{"sound": "second.wav"}"#, 200).await?;
    ensure!(hers.datagram(Duration::from_secs(2))?.is_some(), "she hears it");
    ensure!(his.datagram(Duration::from_secs(2))?.is_some(), "he hears it");
    stage.order("stop-play", "{}", 200).await?;
    stage.order("play", r#"{"sound": "nowhere.wav"}"#, 409).await.or_else(|error| {
        if error.to_string().contains("200") { Ok(Value::Null) } else { Err(error) }
    })?;
    let digits = r#"{"member": {"leg": "anchor"}, "digits": "12#"}"#;
    stage.order("digits", digits, 200).await?;
    let nonsense = r#"{"member": {"leg": "anchor"}, "digits": "12x"}"#;
    stage.order("digits", nonsense, 422).await.or_else(|error| {
        if error.to_string().contains("400") { Ok(Value::Null) } else { Err(error) }
    })?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn record_by_order() -> anyhow::Result<()> {
    let block = Block(248);
    let stage = Stage::set("record_by_order", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("record", r#"{"action": "start"}"#, 200).await?;
    std::thread::park_timeout(Duration::from_millis(400));
    stage.order("record", r#"{"action": "pause"}"#, 200).await?;
    std::thread::park_timeout(Duration::from_millis(500));
    stage.order("record", r#"{"action": "resume"}"#, 200).await?;
    std::thread::park_timeout(Duration::from_millis(300));
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_to_ivr_by_order() -> anyhow::Result<()> {
    let block = Block(249);
    let stage = Stage::set("transfer_to_ivr_by_order", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("transfer", r#"{"user": "u-ana", "to": {"ivr": "ivr-menu"}}"#, 200).await?;
    ana.is_hung_up_on(&anas)?;
    stage.until("SELECT 1 FROM call_interaction WHERE kind = 'ivr_entered'").await?;
    ensure!(!ben.has_heard("INVITE"), "he has chosen nothing yet");
    while_they_talk();
    // He leaves before he has chosen.
    carl.hangs_up(&mut carls)?;
    stage.finish().await
}

#[tokio::test]
async fn what_the_api_says_of_a_transfer() -> anyhow::Result<()> {
    let block = Block(250);
    let stage = Stage::set("what_the_api_says_of_a_transfer", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    let (second, bens) = talk(&ana, &ben, "ben")?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, &second.refer_to("ben"))? == 202);
    ana.is_hung_up_on(&second)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.until("SELECT 1 FROM assignment").await?;
    let call = stage.line("SELECT id FROM call WHERE direction = 'inbound'").await?;
    let parts = ["", "/connections", "/attempts", "/participants", "/interactions", "/graph"];
    for part in parts.into_iter().chain(["/timeline"]) {
        let answer = stage.host.get(&format!("/api/v1/calls/{call}{part}"))?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{part}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").context("a body")?;
        let _: Value = serde_json::from_str(body)?;
        ensure!(part == "/timeline" || body.contains(&call), "{part}: {body}");
        if part == "/participants" || part == "/timeline" {
            ensure!(body.contains("u-ben") || body.contains("Ben"), "{part}: {body}");
        }
    }
    let answer = stage.host.get("/api/v1/calls?outcome=answered&direction=inbound")?;
    ensure!(answer.contains(&call) && answer.contains(CARL), "{answer}");
    stage.finish().await
}
