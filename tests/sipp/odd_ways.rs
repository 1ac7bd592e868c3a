//! Calls that are handed on in odd ways: somebody goes in the middle of it, two things happen at
//! one time, the server dies.

use anyhow::ensure;
use e2e::handset::Handset;
use e2e::host::Block;
use e2e::scenario::Stage;

use crate::handing_on::{ANA, DORA, carl, dora, phones, talk, while_they_talk};

/// The folders that these tests run.
pub(crate) const NAMES: &[&str] = &[
    "consulted_hangs_up",
    "consulting_hangs_up",
    "consulting_hangs_up_while_it_rings",
    "consulted_caller_hangs_up",
    "two_callers_stay_apart",
    "transfer_of_internal_call",
    "transfer_to_oneself",
    "transfer_crosses_hangup",
    "answer_crosses_hangup",
    "transfer_to_who_is_on_a_call",
    "transfer_twice_at_once",
    "added_declines",
    "recall_unanswered",
    "kill_while_transferring",
    "kill_while_consulting",
    "drain_while_transferring",
];

const TALKS: &str = "SELECT 1 FROM call WHERE state = 'in_progress'";
const CONSULT: &str = r#"{"user": "u-ana", "to": {"user": "u-ben"}}"#;
const CONSULTED: &str = "SELECT 1 FROM connection WHERE kind = 'consult' AND answered_at > 0";
const BEN_RINGS: &str =
    "SELECT 1 FROM connection_attempt WHERE user_id = 'u-ben' AND ringing_at > 0";

#[tokio::test]
async fn consulted_hangs_up() -> anyhow::Result<()> {
    let block = Block(251);
    let stage = Stage::set("consulted_hangs_up", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("consult", CONSULT, 200).await?;
    let mut bens = ben.takes()?;
    while_they_talk();
    ben.hangs_up(&mut bens)?;
    ana.is_with(&anas, "Carl Contact")?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn consulting_hangs_up() -> anyhow::Result<()> {
    let block = Block(252);
    let stage = Stage::set("consulting_hangs_up", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (carls, mut anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("consult", CONSULT, 200).await?;
    let mut bens = ben.takes()?;
    stage.until(CONSULTED).await?;
    ana.hangs_up(&mut anas)?;
    ben.is_with(&bens, "Carl Contact")?;
    while_they_talk();
    ensure!(!carl.has_heard("BYE"), "whoever is on hold is not dropped");
    ben.hangs_up(&mut bens)?;
    carl.is_hung_up_on(&carls)?;
    stage.finish().await
}

#[tokio::test]
async fn consulting_hangs_up_while_it_rings() -> anyhow::Result<()> {
    let block = Block(253);
    let stage = Stage::set("consulting_hangs_up_while_it_rings", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("consult", CONSULT, 200).await?;
    let bens = ben.rung()?;
    ana.hangs_up(&mut anas)?;
    while_they_talk();
    ben.answers(&bens)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn consulted_caller_hangs_up() -> anyhow::Result<()> {
    let block = Block(254);
    let stage = Stage::set("consulted_caller_hangs_up", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("consult", CONSULT, 200).await?;
    let bens = ben.takes()?;
    stage.until(CONSULTED).await?;
    carl.hangs_up(&mut carls)?;
    // The two go on for a while, or are hung up on: either way it ends, once.
    while_they_talk();
    if !ana.has_heard("BYE") {
        ana.hangs_up(&mut anas)?;
    }
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn two_callers_stay_apart() -> anyhow::Result<()> {
    let block = Block(224);
    let stage = Stage::set("two_callers_stay_apart", block)?;
    let [ana] = phones(block, ["ana"])?;
    let (carl, dora) = (carl(block)?, dora(block)?);
    let (mut carls, mut first) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut first)?;
    let (mut doras, second) = talk(&dora, &ana, ANA)?;
    let status = ana.refers(&mut first, &second.refer_to("dora"))?;
    ensure!(status == 491 || status == 403, "{status}");
    while_they_talk();
    ensure!(!ana.has_heard("BYE"), "both are there");
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&first)?;
    dora.hangs_up(&mut doras)?;
    ana.is_hung_up_on(&second)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_of_internal_call() -> anyhow::Result<()> {
    let block = Block(225);
    let stage = Stage::set("transfer_of_internal_call", block)?;
    let [ana, ben, dan] = phones(block, ["ana", "ben", "dan"])?;
    let (mut bens, mut anas) = talk(&ben, &ana, "ana")?;
    while_they_talk();
    ensure!(ana.refers(&mut anas, "<sip:dan@tandem.test>")? == 202);
    let dans = dan.takes()?;
    ana.is_hung_up_on(&anas)?;
    ben.is_with(&bens, "Dan Diaz")?;
    while_they_talk();
    ben.hangs_up(&mut bens)?;
    dan.is_hung_up_on(&dans)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_to_oneself() -> anyhow::Result<()> {
    let block = Block(226);
    let stage = Stage::set("transfer_to_oneself", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    while_they_talk();
    let status = ana.refers(&mut anas, "<sip:ana@tandem.test>")?;
    if status == 202 {
        // She may take it on another line.
        let again = ana.takes()?;
        ana.is_hung_up_on(&anas)?;
        while_they_talk();
        carl.hangs_up(&mut carls)?;
        ana.is_hung_up_on(&again)?;
    } else {
        ensure!(status >= 400, "{status}");
        carl.hangs_up(&mut carls)?;
        ana.is_hung_up_on(&anas)?;
    }
    stage.finish().await
}

#[tokio::test]
async fn transfer_crosses_hangup() -> anyhow::Result<()> {
    let block = Block(227);
    let stage = Stage::set("transfer_crosses_hangup", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    for first in [true, false] {
        let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
        let refer = ["Refer-To: <sip:ben@tandem.test>"];
        if first {
            ana.says(&mut anas, "REFER", &refer)?;
            carl.says(&mut carls, "BYE", &[])?;
        } else {
            carl.says(&mut carls, "BYE", &[])?;
            ana.says(&mut anas, "REFER", &refer)?;
        }
        ana.is_hung_up_on(&anas)?;
        if first {
            let bens = ben.invited()?;
            ben.replies(&bens, "180 Ringing")?;
            ben.is_cancelled(&bens)?;
        }
    }
    stage.until("SELECT 1 FROM (SELECT count(*) AS n FROM assignment) WHERE n = 2").await?;
    stage.finish().await
}

#[tokio::test]
async fn answer_crosses_hangup() -> anyhow::Result<()> {
    let block = Block(228);
    let stage = Stage::set("answer_crosses_hangup", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    stage.until(BEN_RINGS).await?;
    carl.says(&mut carls, "BYE", &[])?;
    // Acknowledged and released, or cancelled before it was seen.
    if ben.answers_if_it_rings(&bens)? {
        ben.is_hung_up_on(&bens)?;
    } else {
        ben.is_cancelled(&bens)?;
    }
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_to_who_is_on_a_call() -> anyhow::Result<()> {
    let block = Block(229);
    let stage = Stage::set("transfer_to_who_is_on_a_call", block)?;
    let [ana, ben, dan] = phones(block, ["ana", "ben", "dan"])?;
    let carl = carl(block)?;
    let (mut dans, first) = talk(&dan, &ben, "ben")?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    // His telephone knocks; he takes it beside the other call.
    let second = ben.takes()?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&second)?;
    dan.hangs_up(&mut dans)?;
    ben.is_hung_up_on(&first)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_twice_at_once() -> anyhow::Result<()> {
    let block = Block(230);
    let stage = Stage::set("transfer_twice_at_once", block)?;
    let [ana, ben, dan] = phones(block, ["ana", "ben", "dan"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    ana.says(&mut anas, "REFER", &["Refer-To: <sip:ben@tandem.test>"])?;
    let bens = ben.rung()?;
    // By the API, too: she is not on the call any more.
    let dan_too = r#"{"user": "u-ana", "to": {"user": "u-dan"}}"#;
    stage.order("transfer", dan_too, 409).await?;
    stage.order("consult", dan_too, 409).await?;
    stage.order("park", r#"{"user": "u-ana"}"#, 409).await?;
    ben.answers(&bens)?;
    ana.is_hung_up_on(&anas)?;
    ensure!(!dan.has_heard("INVITE"), "one transfer, one target");
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn added_declines() -> anyhow::Result<()> {
    let block = Block(231);
    let stage = Stage::set("added_declines", block)?;
    let [ana, dan] = phones(block, ["ana", "dan"])?;
    let (carl, dora) = (carl(block)?, dora(block)?);
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("add", r#"{"user": "u-ana", "to": {"user": "u-dan"}}"#, 200).await?;
    let dans = dan.rung()?;
    dan.replies(&dans, "603 Decline")?;
    let number = format!(r#"{{"user": "u-ana", "to": {{"number": "{DORA}"}}}}"#);
    stage.order("add", &number, 200).await?;
    let doras = dora.rung()?;
    dora.replies(&doras, "486 Busy Here")?;
    stage.until("SELECT 1 FROM connection WHERE seq = 3 AND ended_at > 0").await?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn recall_unanswered() -> anyhow::Result<()> {
    let block = Block(232);
    let stage = Stage::set("recall_unanswered", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    ana.hangs_up(&mut anas)?;
    let bens = ben.rung()?;
    ben.is_cancelled(&bens)?;
    let again = ana.rung()?;
    ana.is_cancelled(&again)?;
    carl.is_hung_up_on(&carls)?;
    stage.finish().await
}

/// The server dies when this query gives a row, and is started again.
async fn killed(mut stage: Stage, when: &str, phones: Vec<Handset>) -> anyhow::Result<()> {
    stage.until(when).await?;
    stage.host.signal("KILL")?;
    stage.host.wait()?;
    drop(phones);
    stage.host.start_again()?;
    stage.finish().await
}

#[tokio::test]
async fn kill_while_transferring() -> anyhow::Result<()> {
    let block = Block(233);
    let stage = Stage::set("kill_while_transferring", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (_carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    ben.rung()?;
    killed(stage, BEN_RINGS, vec![ana, ben, carl]).await
}

#[tokio::test]
async fn kill_while_consulting() -> anyhow::Result<()> {
    let block = Block(234);
    let stage = Stage::set("kill_while_consulting", block)?;
    let [ana, ben, dan] = phones(block, ["ana", "ben", "dan"])?;
    let carl = carl(block)?;
    let (_carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    let (mut second, _bens) = talk(&ana, &ben, "ben")?;
    ensure!(ana.refers(&mut anas, &second.refer_to("ben"))? == 202);
    ana.is_hung_up_on(&second)?;
    // And one that is not joined yet.
    let (_dans, mut third) = talk(&dan, &ana, "ana")?;
    ana.holds(&mut third)?;
    second = ana.dials("max", &[])?;
    drop(second);
    let joined = "SELECT 1 FROM call_interaction WHERE kind = 'call_absorbed'";
    stage.until(joined).await?;
    let held = "SELECT 1 FROM (SELECT count(*) AS n FROM call WHERE state = 'in_progress') \
                WHERE n = 2";
    killed(stage, held, vec![ana, ben, dan, carl]).await
}

#[tokio::test]
async fn drain_while_transferring() -> anyhow::Result<()> {
    let block = Block(235);
    let mut stage = Stage::set("drain_while_transferring", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    stage.until(BEN_RINGS).await?;
    stage.host.signal("TERM")?;
    while stage.host.get("/readyz")?.starts_with("HTTP/1.1 200") {
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
    ben.answers(&bens)?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    ben.is_hung_up_on(&bens)?;
    let status = stage.host.wait()?;
    ensure!(status.success(), "{status}\n{}", stage.host.log()?);
    stage.check().await
}
