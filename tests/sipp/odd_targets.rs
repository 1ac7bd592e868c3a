//! Calls that are handed on to where others did not look: other ways to write a target, a number
//! that rings, a slot that is taken, a mailbox.

use anyhow::ensure;
use e2e::handset::Handset;
use e2e::host::Block;
use e2e::scenario::Stage;

use crate::handing_on::{ANA, DORA, carl, dora, phones, talk, while_they_talk};

/// The folders that these tests run.
pub(crate) const NAMES: &[&str] = &[
    "refer_to_in_many_forms",
    "refer_to_elsewhere",
    "semi_attended_outside",
    "conference_without_its_caller",
    "pickup_of_a_transfer",
    "park_in_a_taken_slot",
    "transfer_to_two_devices",
];

const TALKS: &str = "SELECT 1 FROM call WHERE state = 'in_progress'";

#[tokio::test]
async fn refer_to_in_many_forms() -> anyhow::Result<()> {
    let block = Block(115);
    let stage = Stage::set("refer_to_in_many_forms", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let at_address = format!("<sip:ben@{}>", block.server());
    let forms = [
        "sip:ben@tandem.test",
        "<sip:ben@tandem.test;method=INVITE>",
        "\"Ben\" <sip:+15550100002@tandem.test;user=phone>",
        "<tel:+15550100002>",
        "<tel:+1-555-010-0002>",
        at_address.as_str(),
    ];
    for form in forms {
        let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
        let status = ana.refers(&mut anas, form)?;
        ensure!(status == 202, "{status} to {form}");
        let bens = ben.takes()?;
        ana.is_hung_up_on(&anas)?;
        carl.hangs_up(&mut carls)?;
        ben.is_hung_up_on(&bens)?;
    }
    stage.finish().await
}

#[tokio::test]
async fn refer_to_elsewhere() -> anyhow::Result<()> {
    let block = Block(116);
    let stage = Stage::set("refer_to_elsewhere", block)?;
    let [ana] = phones(block, ["ana"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    let forms = [
        "<sip:ben@elsewhere.test>",
        "<http://elsewhere.test/>",
        "<sip:ben@tandem.test;method=BYE>",
        "<sip:@tandem.test>",
        "<sip:ben@tandem.test",
    ];
    for form in forms {
        let status = ana.refers(&mut anas, form)?;
        ensure!((400..600).contains(&status) && status != 481, "{status} to {form}");
    }
    while_they_talk();
    ensure!(!ana.has_heard("BYE"), "she is still on the call");
    carl.hangs_up(&mut carls)?;
    ana.is_hung_up_on(&anas)?;
    stage.finish().await
}

#[tokio::test]
async fn semi_attended_outside() -> anyhow::Result<()> {
    let block = Block(117);
    let stage = Stage::set("semi_attended_outside", block)?;
    let [ana] = phones(block, ["ana"])?;
    let (carl, dora) = (carl(block)?, dora(block)?);
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ana.holds(&mut anas)?;
    let mut second = ana.dials(DORA, &[])?;
    let doras = dora.rung()?;
    ana.hears_ringing(&mut second)?;
    ensure!(ana.refers(&mut anas, &second.refer_to(DORA))? == 202);
    while_they_talk();
    dora.answers(&doras)?;
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    dora.is_hung_up_on(&doras)?;
    stage.finish().await
}

#[tokio::test]
async fn conference_without_its_caller() -> anyhow::Result<()> {
    let block = Block(118);
    let stage = Stage::set("conference_without_its_caller", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("add", r#"{"user": "u-ana", "to": {"user": "u-ben"}}"#, 200).await?;
    let bens = ben.takes()?;
    ben.is_with(&bens, "Conference")?;
    carl.hangs_up(&mut carls)?;
    ben.is_with(&bens, "Ana Agent")?;
    while_they_talk();
    ensure!(!ben.has_heard("BYE"), "two are left, and the call goes on");
    ana.hangs_up(&mut anas)?;
    ben.is_hung_up_on(&bens)?;
    stage.finish().await
}

#[tokio::test]
async fn pickup_of_a_transfer() -> anyhow::Result<()> {
    let block = Block(119);
    let stage = Stage::set("pickup_of_a_transfer", block)?;
    let [ana, ben, cat] = phones(block, ["ana", "ben", "cat"])?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let bens = ben.rung()?;
    let ringing = "SELECT 1 FROM connection_attempt WHERE user_id = 'u-ben' AND ringing_at > 0";
    stage.until(ringing).await?;
    let cats = cat.calls("*20ben")?;
    ben.is_cancelled(&bens)?;
    let told = ana.is_told(&anas)?;
    ensure!(told.last() == Some(&200), "{told:?}");
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    cat.is_hung_up_on(&cats)?;
    stage.finish().await
}

#[tokio::test]
async fn park_in_a_taken_slot() -> anyhow::Result<()> {
    let block = Block(128);
    let stage = Stage::set("park_in_a_taken_slot", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let (carl, dora) = (carl(block)?, dora(block)?);
    let (mut carls, anas) = talk(&carl, &ana, ANA)?;
    stage.until(TALKS).await?;
    stage.order("park", r#"{"user": "u-ana", "slot": "71"}"#, 200).await?;
    ana.is_hung_up_on(&anas)?;
    let (mut doras, mut bens) = talk(&dora, &ben, "+15550100002")?;
    let status = ben.refers(&mut bens, "<sip:*7071@tandem.test>")?;
    ensure!((400..600).contains(&status), "{status}");
    // Any other will do.
    ensure!(ben.refers(&mut bens, "<sip:*70@tandem.test>")? == 202);
    ben.is_hung_up_on(&bens)?;
    let parked = "SELECT 1 FROM (SELECT count(*) AS n FROM call_interaction \
                  WHERE kind = 'transfer_started') WHERE n = 2";
    stage.until(parked).await?;
    carl.hangs_up(&mut carls)?;
    dora.hangs_up(&mut doras)?;
    stage.finish().await
}

#[tokio::test]
async fn transfer_to_two_devices() -> anyhow::Result<()> {
    let block = Block(129);
    let stage = Stage::set("transfer_to_two_devices", block)?;
    let [ana, ben] = phones(block, ["ana", "ben"])?;
    let mobile = Handset::registered(block, 2, "ben")?;
    let carl = carl(block)?;
    let (mut carls, mut anas) = talk(&carl, &ana, ANA)?;
    ensure!(ana.refers(&mut anas, "<sip:ben@tandem.test>")? == 202);
    let (first, second) = (ben.rung()?, mobile.rung()?);
    mobile.answers(&second)?;
    let cancel = ben.is_cancelled(&first)?;
    ensure!(cancel.header("Reason")?.contains("elsewhere"), "{}", cancel.text());
    ana.is_hung_up_on(&anas)?;
    while_they_talk();
    carl.hangs_up(&mut carls)?;
    mobile.is_hung_up_on(&second)?;
    stage.finish().await
}
